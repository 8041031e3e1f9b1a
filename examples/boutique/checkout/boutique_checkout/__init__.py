"""Turns a cart into an order."""
