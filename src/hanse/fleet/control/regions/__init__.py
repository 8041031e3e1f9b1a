"""Several regions, as the head has them."""
