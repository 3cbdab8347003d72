"""What survives a disconnect and a restart: jobs, events, windows and patches, in SQLite and in files."""
