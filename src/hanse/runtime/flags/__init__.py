"""Flags: values that operators change while hosts run, typed in code and read in microseconds."""
