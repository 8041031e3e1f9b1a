"""Pages and forms: what a browser asks a service for, and what it gets."""
