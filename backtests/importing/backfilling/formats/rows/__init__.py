"""Rows: what the files of several venues have in common: order, sides, settled funding."""
