"""The region's C, and its build backend."""
