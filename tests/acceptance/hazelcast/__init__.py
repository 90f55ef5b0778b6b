"""Tests: hazelcast."""
