"""Tests: drills."""
