"""What is personal in workflows: read of types, sealed in all that is kept, erased."""
