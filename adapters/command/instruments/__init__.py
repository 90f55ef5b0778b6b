"""Instruments: those that a settings file describes."""
