"""Methods that nobody calls but their host."""
