"""HTTP/1.1 itself: connections, messages, problems; knows nothing of services."""
