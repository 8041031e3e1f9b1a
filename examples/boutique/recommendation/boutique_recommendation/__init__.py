"""What else somebody may like."""
