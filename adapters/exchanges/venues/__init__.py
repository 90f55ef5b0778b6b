"""One file a venue: the requests that it answers, and the meaning of the answers."""
