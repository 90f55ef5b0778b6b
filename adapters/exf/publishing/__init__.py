"""The publishing of the factors' state."""
