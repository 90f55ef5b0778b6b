"""Hazelcast on this machine: a member for trying it out, and the bridge into a region."""
