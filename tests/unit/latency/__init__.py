"""Tests: the latency measurement, without processes."""
