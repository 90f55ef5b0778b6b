"""Unit tests: evaluation."""
