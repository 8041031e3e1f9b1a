"""Who a process of a fleet is between machines: authorities, and certificates that live an hour."""
