"""What runs the workflows of one host."""
