"""Acceptance tests of metrics and the monitor, with real processes and a real Prometheus."""
