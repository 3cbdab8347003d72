"""From settings to a server: finding or starting it, a socket, a session, and threads around both."""
