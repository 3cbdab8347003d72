"""What is said, in the person's language."""
