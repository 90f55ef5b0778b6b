"""Aeron through the commands: a node, the service, the bridges."""
