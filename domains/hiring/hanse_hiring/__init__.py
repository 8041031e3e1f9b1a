"""Hiring: jobs, the public site around them, and who applies."""
