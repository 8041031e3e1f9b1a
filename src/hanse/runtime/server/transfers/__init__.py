"""Files on their way in and out: whatever is a file in a request or an answer."""
