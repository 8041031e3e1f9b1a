"""Requests as they came, for methods that read them by themselves."""
