"""Models: where they come from, whether they are what they say, and where they are kept."""
