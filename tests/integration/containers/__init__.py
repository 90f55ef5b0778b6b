"""Integration tests of what containers share."""
