"""What is looked at meanwhile: what processes use, do, and block."""
