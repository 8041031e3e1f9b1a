"""The drill of a restore: a shop that is lost and brought back, and ledgers outside of what it did."""
