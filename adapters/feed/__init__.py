"""The feed: factors on the message bus, their latency, the loop that both run in, and quotes."""
