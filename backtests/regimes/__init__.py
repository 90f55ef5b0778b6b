"""Regimes: a hidden Markov model of a catalog's returns, fitted and judged out of sample."""
