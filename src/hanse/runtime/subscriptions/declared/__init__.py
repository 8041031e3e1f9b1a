"""What a service says of the events it takes."""
