"""What a release is made of: the files of a project that a service needs, and its packages."""
