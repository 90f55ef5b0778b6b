"""Proofs: what holds for every interleaving, file, kill or sequence, shown with its figure."""
