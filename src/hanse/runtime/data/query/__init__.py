"""The query language of collections: read, judged by what an index serves, and made SQL."""
