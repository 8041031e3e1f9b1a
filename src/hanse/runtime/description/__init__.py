"""What a service is to others and to its next release, as plain data made from its class."""
