"""What tests need: catalogs."""
