"""`hanse up` measured: replicas, three thousand services, starts, and the price of the gateway."""
