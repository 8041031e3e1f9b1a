"""Requests to addresses that somebody else chose: only to public ones."""
