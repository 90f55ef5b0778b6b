"""The archives of each venue, one folder or file a venue."""
