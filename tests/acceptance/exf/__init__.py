"""Tests: exf."""
