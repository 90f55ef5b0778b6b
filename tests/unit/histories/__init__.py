"""Tests: histories."""
