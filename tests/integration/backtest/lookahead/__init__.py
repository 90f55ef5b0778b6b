"""Tests: the look-ahead proof."""
