"""What a service is and how one process runs it."""
