"""Finding things in pictures: faces."""
