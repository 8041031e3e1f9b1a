"""What people see of workflows: numbers and traces."""
