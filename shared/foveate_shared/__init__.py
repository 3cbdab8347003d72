"""What the Foveate server and its clients share: the protocol, the geometry, the client. Standard library only."""
