"""What the streams of every venue of the local exchange share."""
