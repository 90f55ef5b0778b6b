"""What an import holds: factors with their publication, market data, instruments."""
