"""What tests need: nodes."""
