"""Contacts over HTTP: what is asked of every contestant, and by which rounds."""
