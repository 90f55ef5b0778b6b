"""Recorded positions: those of result folders, with the prices and factors of their time."""
