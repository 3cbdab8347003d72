"""The process that owns a device. It talks to its parent over pipes and files, and never to the network."""
