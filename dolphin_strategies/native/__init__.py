"""The C of the strategy's gate and of the windows of computed factors."""
