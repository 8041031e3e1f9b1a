"""The relay: tells what lies in the outbox to the broker, in order, and forgets what was taken."""
