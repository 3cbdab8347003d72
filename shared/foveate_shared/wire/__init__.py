"""The messages of the wire: what they are, how they become bytes, and what they must be."""
