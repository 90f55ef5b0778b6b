"""One file a venue: which requests it answers, and what the answers mean."""
