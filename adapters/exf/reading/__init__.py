"""Reading the answers of a request: the values of sources, the definitions of instruments."""
