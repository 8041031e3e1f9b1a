"""What happened: traces, metrics, logs."""
