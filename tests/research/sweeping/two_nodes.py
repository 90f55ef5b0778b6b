"""Two nodes of Ray on this machine's loopback, until standard input ends."""

from __future__ import annotations

import json
import os
import sys

from adapters.process.listening import listening_addresses
from adapters.process.stop_signals import ignore_stop_signals
from backtests.sweeping.trials.on_ray.ray_cluster import LOCAL, LocalCluster, set_environment

STARTS = 3
"""A busy machine can take longer than Ray waits."""


def main() -> None:
    """Print address, token and processes; for each line of input, processes and listeners."""
    set_environment(LOCAL)
    for left in reversed(range(STARTS)):
        try:
            cluster = LocalCluster(2, nodes=2)
            break
        except Exception:
            if not left:
                raise
    ignore_stop_signals()
    try:
        print(json.dumps([cluster.address, os.environ["RAY_AUTH_TOKEN"], cluster.pids]))
        sys.stdout.flush()
        for _ in sys.stdin:
            pids = cluster.pids
            print(json.dumps([pids, [a for pid in pids for a in listening_addresses(pid)]]))
            sys.stdout.flush()
    finally:
        cluster.close()


if __name__ == "__main__":
    main()
