"""The parts of a process: signals, locks, children, files, a watch over its main thread."""
