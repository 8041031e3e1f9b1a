"""Answers browsers: pages, forms, and what went wrong with either."""
