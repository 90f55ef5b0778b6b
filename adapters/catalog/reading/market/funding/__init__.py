"""Funding in a catalog: the settlements that rates name, and data of an engine that books them."""
