"""The serving end of a link: many calls of one host at once, over one connection."""
