"""A project: `hanse.toml`, what it says, and the services it lists."""
