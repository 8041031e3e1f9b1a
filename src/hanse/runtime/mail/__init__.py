"""Letters: written with what they tell of, then sent over SMTP, or kept to be looked at."""
