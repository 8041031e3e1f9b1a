"""Webhooks: what other systems are told over HTTP, and what they tell."""
