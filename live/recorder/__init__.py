"""One run of the recorder."""
