"""Calls that come in over HTTP."""
