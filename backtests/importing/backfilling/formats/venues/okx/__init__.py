"""OKX: the files of its page of historical data."""
