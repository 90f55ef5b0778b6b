"""Failures: streams of factors and of market data with drills in them."""
