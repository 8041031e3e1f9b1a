"""Personal data: the keys it is sealed under, and what becomes of a person's when they ask."""
