"""Events of a world: whether they have come to rest."""
