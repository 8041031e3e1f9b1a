"""The rules, a file a noun, each a small pure function of what was and what is."""
