"""Workflows of three steps, and such that sleep."""
