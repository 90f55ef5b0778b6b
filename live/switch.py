"""Halt a node, let it only reduce, close what it holds, or let it go on."""

from __future__ import annotations

import sys

from live.switching.switch_command import main

if __name__ == "__main__":
    sys.exit(main())
