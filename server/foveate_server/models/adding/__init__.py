"""Adding a model: from what a person names to an entry of the registry."""
