"""Funding of backtests: imported, booked, chosen."""
