"""The server's configuration, from files, environment and flags."""
