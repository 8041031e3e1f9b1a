"""What the judge is told of a flag: principals by what they drew."""
