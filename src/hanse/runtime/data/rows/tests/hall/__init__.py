"""A hall with seats: a domain whose tables and statements are tried out."""
