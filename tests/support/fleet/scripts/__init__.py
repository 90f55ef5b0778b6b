"""Small services in the places of the scripts that a fleet runs."""
