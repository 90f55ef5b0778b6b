"""A live session and its replay, compared."""
