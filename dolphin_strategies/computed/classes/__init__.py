"""The classes of computed factors, by what they are computed from."""
