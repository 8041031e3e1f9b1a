"""What collections know of events: a write puts one into the outbox in its own statement."""
