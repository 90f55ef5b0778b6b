"""Unit tests of the limits of a node and of its trading state."""
