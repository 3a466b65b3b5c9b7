"""The two databases: the host's, read only, and our own."""
