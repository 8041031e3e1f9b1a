"""What a host counts of itself for who judges its release: a few numbers that only grow."""
