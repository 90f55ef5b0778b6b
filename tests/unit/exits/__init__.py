"""Tests of exits that need no engine."""
