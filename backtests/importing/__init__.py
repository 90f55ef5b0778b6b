"""Import: files of factors and market data converted into a recording of a catalog."""
