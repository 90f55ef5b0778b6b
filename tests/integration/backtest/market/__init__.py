"""Markets that are not there: refused and waiting orders, holes, ends, windows."""
