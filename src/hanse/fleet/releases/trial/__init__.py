"""Modules imported one by one, each in a process that is thrown away, to see what they serve."""
