"""Hazelcast on this machine: a member for trying it out."""
