"""The fields that are columns of a table, and so no part of a document."""

COLUMNS = ("id", "revision", "create_time", "update_time")
"""Those every entity has."""

DELETE_TIME = "delete_time"
"""That of an entity which deletes softly and says when."""
