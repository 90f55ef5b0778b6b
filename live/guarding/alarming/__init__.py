"""Alarming: what a watchdog tells: printed, kept, and delivered in groups."""
