"""Market data of an import: bars, quotes, trades and funding rates."""
