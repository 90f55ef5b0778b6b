"""The C of the strategy's gate."""
