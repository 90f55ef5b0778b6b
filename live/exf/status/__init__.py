"""What ``run_exf.py status`` and ``factors`` print."""
