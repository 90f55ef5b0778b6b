"""Bybit: the files of public.bybit.com."""
