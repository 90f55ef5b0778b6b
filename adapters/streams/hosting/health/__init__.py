"""Health: what is known of each venue that streams, and of a client's troubles."""
