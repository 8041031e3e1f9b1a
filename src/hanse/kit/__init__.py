"""Leaf helpers: one noun a file, importing nothing of hanse."""
