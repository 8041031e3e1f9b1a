"""What a stored thing is: its fields, its table and indexes, read once when its class is made."""
