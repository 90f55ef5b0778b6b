"""One file a venue: its NautilusTrader data client, and what that client delivers."""
