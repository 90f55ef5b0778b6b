"""Tests: factors."""
