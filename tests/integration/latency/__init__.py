"""Tests: the sides of a latency measurement, as processes."""
