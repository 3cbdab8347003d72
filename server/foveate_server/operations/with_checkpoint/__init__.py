"""What operations do with a checkpoint and a prompt."""
