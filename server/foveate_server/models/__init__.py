"""Models: which there are, where their files come from, and the cache that keeps them."""
