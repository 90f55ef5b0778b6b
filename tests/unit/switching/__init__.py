"""Unit tests of the switch: its journal, its words, and what a node remembers."""
