"""The control process: brings a project's fleet into the state its file asks for, and keeps it."""
