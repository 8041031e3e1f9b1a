"""Certificates of the gateway: own files, the development authority, ACME; and whom they need."""
