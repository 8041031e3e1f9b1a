"""Calls that leave the process: connections to peers, balance, retries, the wire."""
