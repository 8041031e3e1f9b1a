"""Real servers for tests, which end with the process that began them."""
