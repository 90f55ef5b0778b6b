"""What tests of fleets need: fleets of small services."""
