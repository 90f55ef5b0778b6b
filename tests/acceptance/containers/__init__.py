"""Acceptance tests of containers, in namespaces of the kernel."""
