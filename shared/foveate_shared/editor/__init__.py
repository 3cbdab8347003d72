"""What every editor's plugin does, written once."""
