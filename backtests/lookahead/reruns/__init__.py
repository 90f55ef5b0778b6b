"""Reruns of a look-ahead proof: processes that run the backtest or make columns anew."""
