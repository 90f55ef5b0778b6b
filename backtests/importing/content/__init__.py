"""The content of an import: factors with their publication, market data, instruments."""
