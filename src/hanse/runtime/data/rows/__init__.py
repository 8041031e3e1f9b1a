"""Plain SQL where rows are right: stores whose statements are checked before they run."""
