"""Unit tests of the evaluation of factors."""
