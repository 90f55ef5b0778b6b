"""What tests need: strategies."""
