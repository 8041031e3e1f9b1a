"""What the shop points out beside what somebody looks at."""
