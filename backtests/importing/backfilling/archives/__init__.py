"""Archives: the files of exchanges as people download them, found and read in blocks."""
