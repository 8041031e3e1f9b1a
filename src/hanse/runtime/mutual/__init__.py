"""Between machines: who a process is by its certificate, whom it lets in and calls by theirs."""
