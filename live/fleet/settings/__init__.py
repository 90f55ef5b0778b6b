"""What a fleet is: its file, its journal, the order of its starts, its services' commands."""
