"""One stage of a deployment: what a canary is given, what is counted, what the judge says."""
