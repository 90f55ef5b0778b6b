"""What tests need: nodes under a watchdog, and accounts of theirs."""
