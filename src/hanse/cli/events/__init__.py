"""The verbs of events: how far subscriptions are, and what nobody could handle."""
