"""Collections: entities in their tables, and the services made of them."""
