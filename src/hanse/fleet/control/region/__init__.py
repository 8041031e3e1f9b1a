"""A region of a fleet, in the head's process or in one of its own: gateway, broker, hosts."""
