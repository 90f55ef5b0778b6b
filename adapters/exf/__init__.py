"""The ExtF service: polls sources, keeps the state of every factor, publishes it."""
