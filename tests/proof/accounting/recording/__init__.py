"""Recordings against a plain list: what is recorded, lost, dropped, damaged and found again."""
