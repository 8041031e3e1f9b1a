"""Events: from a row that is committed to the effect that follows from it."""
