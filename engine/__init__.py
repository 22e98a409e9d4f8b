"""The engine: Memory, ingest, extraction, and the applications around them."""
