"""arm64: the region's C, and its tests in Python, on the other kind of machine, emulated."""
