"""What is written down of workflows, and how."""
