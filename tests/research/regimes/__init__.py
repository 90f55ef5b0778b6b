"""Tests of regimes beside hmmlearn."""
