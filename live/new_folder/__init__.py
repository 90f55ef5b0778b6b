"""A new folder: a strategy with its test, its settings and a README, ready to run."""
