"""The work of a service: polled, streamed or replayed factors, and their recording."""
