"""Results of a backtest: its figures, on the terminal, in files and on the HTML page."""
