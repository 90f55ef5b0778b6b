"""Tests of a sweep's parts, without processes."""
