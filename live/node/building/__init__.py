"""Building: the parts of a run's node: its market, the gates of its orders, their wiring."""
