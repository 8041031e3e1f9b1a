"""`day`: many deployments under checked load, some of them faulty."""
