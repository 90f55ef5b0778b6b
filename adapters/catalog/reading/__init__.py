"""Reading recordings back: catalogs, windows, sources, verification."""
