"""Runs of a backtest: from the command line to figures, files and the HTML page."""
