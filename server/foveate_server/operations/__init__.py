"""What the server can do to a region: one module per operation, and the table of them."""
