"""Where the inbox is."""

HOME = "/hanse/inbox"
