"""The price gate: an order needs a price that is young enough, or is refused, or waits."""
