"""What is too long for the suite: `make campaign ROUNDS=n` (see :mod:`campaign.__main__`)."""
