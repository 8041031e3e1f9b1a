"""ASGI both ways: a host inside an app, and apps inside a host."""
