"""What goes wrong in production, done on purpose."""
