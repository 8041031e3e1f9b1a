"""Releases as OCI images, written without a daemon, a registry or a network."""
