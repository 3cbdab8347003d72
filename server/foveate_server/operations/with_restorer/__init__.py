"""What operations do with a restorer, without a prompt."""
