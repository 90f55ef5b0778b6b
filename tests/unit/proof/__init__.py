"""The proofs' command line."""
