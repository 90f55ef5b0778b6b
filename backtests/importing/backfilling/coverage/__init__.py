"""Coverage: which days a catalog has of each factor and of market data, and a page of it."""
