"""Screens: the overview and the pages of a terminal that shows what is watched."""
