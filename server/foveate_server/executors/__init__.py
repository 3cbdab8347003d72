"""Where items run: behind one interface, so that several devices or machines can stand in for the local worker."""
