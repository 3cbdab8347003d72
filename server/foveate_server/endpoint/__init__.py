"""One websocket connection <-> jobs."""
