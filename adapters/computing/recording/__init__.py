"""Recording: the market data that factors receive, kept in order and made into frames."""
