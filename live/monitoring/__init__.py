"""Monitoring: what runs on this machine, read without touching it, on one screen."""
