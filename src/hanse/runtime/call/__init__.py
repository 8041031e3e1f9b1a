"""One pipeline for every call, local or remote."""
