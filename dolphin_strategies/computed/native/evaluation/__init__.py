"""The C of evaluation: data on their way to markets, values at an instant, records of them."""
