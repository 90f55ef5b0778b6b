"""Tests: results."""
