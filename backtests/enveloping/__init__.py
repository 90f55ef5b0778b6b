"""Enveloping: from the results of backtests to the distribution of what live may look like."""
