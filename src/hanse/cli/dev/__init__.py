"""`hanse dev`: serves a project while it is written."""
