"""Streams: the market data that exchanges push, through NautilusTrader's data clients."""
