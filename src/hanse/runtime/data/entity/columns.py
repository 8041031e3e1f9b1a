"""Which fields are columns of a table and so no part of a document, and how large that may be."""

COLUMNS = ("id", "revision", "create_time", "update_time")
"""Those every entity has."""

DELETE_TIME = "delete_time"
"""That of an entity which deletes softly and says when."""

SIZE_MAX = 1024 * 1024
"""Bytes of one document as JSON."""
