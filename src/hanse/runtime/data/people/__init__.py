"""What becomes of persons: everything of one is exported, or erased, over all collections."""
