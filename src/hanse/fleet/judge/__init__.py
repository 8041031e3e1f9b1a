"""Decides from counts alone whether a release is good, bad, or not yet known to be either."""
