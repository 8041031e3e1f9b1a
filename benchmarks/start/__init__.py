"""From process start to the first answer, and the memory of 1, 100 and 1,000 services."""
