"""Workflows that begin by the clock."""
