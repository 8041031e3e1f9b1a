"""Copies what a fleet keeps to another place, all the time, so that it can be had back."""
