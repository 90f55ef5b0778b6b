"""Sessions: the inputs and actions of a node's strategy, recorded so that they can be replayed."""
