"""The parameters that operations share."""
