"""The Java project of the region: built once, and its programs as processes of a test."""
