"""What tests need: transports."""
