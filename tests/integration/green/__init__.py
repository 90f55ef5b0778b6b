"""Tests of GREEN."""
