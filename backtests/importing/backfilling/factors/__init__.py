"""Factors: the fields of archives under the names that live sources have for them."""
