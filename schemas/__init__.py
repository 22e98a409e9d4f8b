"""Records, ports, errors and settings: the words that every other part of factloom speaks."""
