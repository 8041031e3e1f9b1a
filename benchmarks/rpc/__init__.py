"""JSON POST with validation, token and trace, on one core."""
