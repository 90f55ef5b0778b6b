"""Tailing: a recording from any place in it on, and the live source that it was made of."""
