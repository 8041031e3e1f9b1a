"""What a service is told from outside: typed settings, secrets, and what is wrong with them."""
