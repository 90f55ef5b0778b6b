"""GREEN: a complete strategy of several factors, with sizing, limits and exits."""
