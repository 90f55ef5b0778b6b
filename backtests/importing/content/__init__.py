"""The content of an import: factors with their publication, and market data."""
