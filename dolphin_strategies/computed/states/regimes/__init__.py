"""Regimes: the hidden states of a market, and their filter."""
