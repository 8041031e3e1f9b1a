"""Runs processes on this machine: starts, watches, adopts and ends them."""
