"""An app that is no service has events and workflows of a host in its own transactions."""
