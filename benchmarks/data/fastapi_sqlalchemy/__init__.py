"""Contacts in FastAPI with SQLAlchemy."""
