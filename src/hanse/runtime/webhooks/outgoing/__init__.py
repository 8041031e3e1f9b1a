"""What other systems are told, in order, until they take it."""
