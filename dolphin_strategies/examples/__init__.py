"""Complete small strategies to copy from."""
