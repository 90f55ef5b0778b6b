"""Run a NautilusTrader node that trades on external factors."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from live.node.node_command import main

if __name__ == "__main__":
    # Python adds this script's folder, whose modules could shadow a strategy's module.
    sys.path[0] = str(Path.cwd())
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed, or nobody reads it
            stream.flush()
    # A thread that a strategy has left behind must not keep the process.
    os._exit(code)
