"""Losses: what an account has lost, in a day and since its highest value."""
