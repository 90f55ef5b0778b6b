"""The HTML page: tables and drawings in one file."""
