"""A recorded session replayed, and compared with what it was live."""
