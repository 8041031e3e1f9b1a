"""Contacts in Hanse."""
