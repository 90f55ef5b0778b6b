"""What a watch measures of a strategy in an engine."""
