"""The status page: what the server does right now, for a person in a browser."""
