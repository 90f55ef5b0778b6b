"""Perturbation: the strategy's backtest again with parameters and delays a little off."""
