"""The other Pythons that are supported: the project is installed for each and tested on it."""
