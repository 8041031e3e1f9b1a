"""Entities as services of which nothing is left to write."""
