"""Market: the rows of archives as files of Nautilus's market data, and their instruments."""
