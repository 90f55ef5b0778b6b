"""Unit tests of fleets."""
