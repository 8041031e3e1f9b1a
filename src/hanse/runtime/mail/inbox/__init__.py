"""The local inbox: a page with the letters that a host keeps instead of sending them."""
