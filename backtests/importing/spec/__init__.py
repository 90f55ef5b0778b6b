"""The spec of an import: what it may say, and the times in it."""
