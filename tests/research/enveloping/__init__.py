"""The making of envelopes, with the extra."""
