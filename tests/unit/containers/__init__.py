"""Unit tests of the container files."""
