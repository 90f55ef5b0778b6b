"""Calendar factors: numbers that are known from the instant alone, and a filter by them."""
