"""What is tried of a flag, and who drew what meanwhile: for whoever judges it."""
