"""The socket and who may pass it: HTTP server, gate, tokens, pairing."""
