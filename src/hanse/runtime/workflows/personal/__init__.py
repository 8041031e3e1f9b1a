"""What is personal in workflows: read of their types, sealed in all that is kept of them, erased."""
