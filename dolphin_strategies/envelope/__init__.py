"""The envelope of a strategy: what its results may look like, and rules that watch them."""
