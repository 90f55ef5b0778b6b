"""Effects: what drills changed, as figures, as text and in a drawing."""
