"""Binance: the files of data.binance.vision, spot, USD-M and COIN-M futures."""
