"""Tables of entities: made, looked at, and given their indexes while others write."""
