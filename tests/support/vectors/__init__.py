"""Test vectors: region files with what every reader must read from them, or why refuse them."""
