"""`hanse backup` and `hanse restore`: the data of a project in another place, and back."""
