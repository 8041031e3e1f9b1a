"""From process start to the first answer, and the memory of one, a hundred and a thousand services."""
