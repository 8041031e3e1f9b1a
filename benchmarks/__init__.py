"""Every published figure, and the peers it is measured against; run by `./hanse bench NAME`."""
