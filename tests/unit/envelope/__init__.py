"""The rules of the envelope, without any other process."""
