"""The hosts of a project, and how they come and go without a lost request."""
