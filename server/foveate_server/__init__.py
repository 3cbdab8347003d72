"""The Foveate server and the command line: everything that is not inside an editor."""
