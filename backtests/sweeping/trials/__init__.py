"""Trials: backtests with given parameters, in processes that keep the catalog's rows."""
