"""Envelopes and the strategies that leave them, for tests."""
