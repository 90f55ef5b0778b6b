"""Run a NautilusTrader node that trades on external factors."""

from __future__ import annotations

import sys
from pathlib import Path

from live.node.node_command import main

if __name__ == "__main__":
    # Python adds this script's folder, whose modules could shadow a strategy's module.
    sys.path[0] = str(Path.cwd())
    sys.exit(main())
