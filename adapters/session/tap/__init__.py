"""The tap at a strategy, which observes its inputs, decisions and events as they happen."""
