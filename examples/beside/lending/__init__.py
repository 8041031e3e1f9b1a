"""A library that lends books: FastAPI and SQLAlchemy, with events and a workflow of Hanse beside."""
