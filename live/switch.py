"""Halt a node, let it only reduce, close what it holds, or let it go on."""

from __future__ import annotations

from adapters.process.stop_signals import LEFT_AT_ONCE, leave_at_stop_signals

if __name__ == "__main__":
    # To its end: a request is sent in one piece, and what was sent is done without this process.
    leave_at_stop_signals("switch.py", LEFT_AT_ONCE)

import sys

from live.switching.switch_command import main

if __name__ == "__main__":
    sys.exit(main())
