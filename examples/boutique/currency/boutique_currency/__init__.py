"""Money, exact, and what it is worth in another currency."""
