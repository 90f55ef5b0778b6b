"""Every byte that enters or leaves the process outside Nautilus."""
