"""Applications around the memory: the command line."""
