"""Integration tests of metrics: files and endpoints."""
