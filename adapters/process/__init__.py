"""What a process of ours does as one: signals, locks, children, a watch over its main thread."""
