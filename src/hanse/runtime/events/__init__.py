"""Facts that services tell each other: declared, written with what they tell of, and read."""
