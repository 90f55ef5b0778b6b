"""The tap at a strategy: what it is given, decides and undergoes, observed as it happens."""
