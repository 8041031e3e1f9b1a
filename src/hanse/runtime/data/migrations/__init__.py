"""How the tables of stores come about and change: numbered files, each applied once."""
