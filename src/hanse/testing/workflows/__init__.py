"""What tests of workflows need beside a world."""
