"""Sweeping: parameters of a strategy searched over walk-forward folds."""
