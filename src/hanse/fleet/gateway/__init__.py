"""Envoy, the only door from outside, and what steers it."""
