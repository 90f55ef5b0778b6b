"""Tests: shm."""
