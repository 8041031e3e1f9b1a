"""Files: kept in a folder or an S3 bucket, streamed both ways, known by rows of the database."""
