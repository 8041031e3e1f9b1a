"""Releases: what is built once, named by its content, and run as it was built."""
