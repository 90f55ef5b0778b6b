"""What tests need: exchange."""
