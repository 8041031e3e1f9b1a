"""What exists: descriptions of services, and what their releases break for each other."""
