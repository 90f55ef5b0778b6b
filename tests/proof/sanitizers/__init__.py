"""Sanitizers: the region's C under ASan, UBSan and TSan, driven through every function of it."""
