"""What an evaluation reads: factors and prices at the instants at which they were known."""
