"""Endpoints: rows of exchanges' histories, as a backfill keeps them while it asks for them."""
