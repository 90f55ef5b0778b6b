"""Training of exits: from the positions of backtests to a model and its verdict."""
