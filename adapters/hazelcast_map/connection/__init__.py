"""One connection to a cluster at a time, for as long as it is wanted."""
