"""The feed: factors of any source on the message bus, their latency, and quotes made of them."""
