"""Finding things in pictures: faces, and what is not safe for work."""
