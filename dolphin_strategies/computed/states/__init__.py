"""One state for each kind of market data, and what remembers earlier data of it."""
