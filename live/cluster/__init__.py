"""Hazelcast on this machine: a member to try things with, and the bridge into a region."""
