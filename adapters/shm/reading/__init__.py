"""Any number of readers of a region."""
