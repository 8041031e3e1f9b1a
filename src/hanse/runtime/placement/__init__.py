"""Where a contract is served from, and how a host follows when that changes."""
