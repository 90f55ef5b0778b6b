"""Records of a source: those that wait for its reader, and the counts of them."""
