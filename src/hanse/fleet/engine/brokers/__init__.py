"""Brokers of regions: one a region, some of which hold what all regions share."""
