"""The rules of the house as code: each is a function that names a fault and says what to do."""
