"""Aeron in tests: media drivers, machines as network namespaces, and a line that loses packets."""
