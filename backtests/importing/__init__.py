"""Import: files of factors and market data turned into a recording of a catalog."""
