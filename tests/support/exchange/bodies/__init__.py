"""Bodies of the exchanges' public APIs, in the shape that each documents: one file a venue."""
