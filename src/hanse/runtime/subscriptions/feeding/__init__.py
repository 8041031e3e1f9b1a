"""From the stream to the handlers, by the hosts that hold its partitions."""
