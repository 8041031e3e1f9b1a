"""What other systems tell: verified, and an event once."""
