"""Tests: training of exits."""
