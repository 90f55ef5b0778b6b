"""The replay of a recorded session, and its comparison with the live run."""
