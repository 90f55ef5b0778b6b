"""Watch nodes from outside their processes."""

from __future__ import annotations

from adapters.process.stop_signals import leave_at_stop_signals

if __name__ == "__main__":
    leave_at_stop_signals("watchdog.py", 0)

import sys

from live.guarding.guard_command import main

if __name__ == "__main__":
    sys.exit(main())
