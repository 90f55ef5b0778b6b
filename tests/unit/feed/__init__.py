"""Tests: feed."""
