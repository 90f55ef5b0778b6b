"""Where the state of the factors goes."""
