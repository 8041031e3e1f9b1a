"""What every project stands on: database, broker, gateway."""
