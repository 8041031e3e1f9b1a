"""Drills: what is promised of a fleet, done at length under load, and what came of it."""
