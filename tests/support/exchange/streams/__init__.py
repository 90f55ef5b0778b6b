"""The local exchange's streams, in the shapes that the exchanges document: one file a venue."""
