"""Where services run: hosts, the gateway before them, and the process that keeps them running."""
