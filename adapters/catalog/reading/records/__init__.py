"""Records of recordings: of many files in the order of time, each record once."""
