"""Tests of whole sweeps, with real processes."""
