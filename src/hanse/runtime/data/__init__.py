"""Documents and rows in PostgreSQL, each site its own."""
