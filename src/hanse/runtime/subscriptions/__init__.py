"""Subscriptions: methods that take events, each effect once and in the order of its key."""
