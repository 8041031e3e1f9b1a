"""The broker: what many processes read, in one order, and none may lose."""
