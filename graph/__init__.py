"""Graph stores, entity resolution, reconciliation and graph algorithms."""
