"""Acceptance tests of fleets: real processes."""
