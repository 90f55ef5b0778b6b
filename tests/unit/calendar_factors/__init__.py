"""Calendar factors: hand-checked dates, published tables, odd dates, the filter."""
