"""The command line: a thin client like every other."""
