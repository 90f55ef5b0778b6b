"""Readers of the region in other languages: test vectors, Rust, C."""
