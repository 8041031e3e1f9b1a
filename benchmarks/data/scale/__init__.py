"""The benchmark `data.scale`: whether a query's time depends on how many sites share its table."""
