"""Deployments: a release goes from nobody to everybody, or back, by what is counted of it."""
