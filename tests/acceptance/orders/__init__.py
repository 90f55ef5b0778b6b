"""Real orders, tried for real: run_node.py at an account on this machine."""
