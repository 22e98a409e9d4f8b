"""Extraction: from what was said to candidate facts."""
