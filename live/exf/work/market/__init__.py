"""The recording of the market data of a service: its end of the pipe, and what writes it."""
