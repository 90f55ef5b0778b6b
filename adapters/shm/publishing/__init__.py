"""The one writer of a region."""
