"""Figures: what a node, a service, a bridge and a recorder put into their snapshots, and when."""
