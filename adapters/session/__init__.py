"""Sessions: what a node's strategy was given and did, recorded so that it can be replayed."""
