"""What blocks the event loop: found, named, counted, and told to whoever supervises the host."""
