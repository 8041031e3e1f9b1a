"""What callers see of a service: methods, types, errors, as classes and as plain data."""
