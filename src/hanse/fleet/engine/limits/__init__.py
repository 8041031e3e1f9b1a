"""What a process may have of the machine, and what becomes of one that has more."""
