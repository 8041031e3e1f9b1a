"""What is published from a contract's description."""
