"""Open information extraction: what a sentence says, as tuples of its own words, with no vocabulary of predicates."""
