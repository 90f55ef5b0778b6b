"""Run a NautilusTrader node that trades on external factors."""

from __future__ import annotations

import sys
from pathlib import Path

from live.node.node_command import main

if __name__ == "__main__":
    # Python put this script's folder there; a strategy's module may have the name of one of ours.
    sys.path[0] = str(Path.cwd())
    sys.exit(main())
