"""The order side of the local exchange: an account of Binance USD-M futures."""
