"""What crosses every folder: the program as its users have it."""
