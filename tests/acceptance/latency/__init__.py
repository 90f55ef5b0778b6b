"""Tests: the latency measurement as a command."""
