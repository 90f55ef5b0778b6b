"""Run producers, bridges, recorders and nodes together: start, watch, compare, promote."""

from __future__ import annotations

from adapters.process.stop_signals import LEFT_AT_ONCE, leave_at_stop_signals

if __name__ == "__main__":
    # Before the other imports: a command that has not begun has changed nothing.
    leave_at_stop_signals("run_fleet.py", LEFT_AT_ONCE)

import sys

from live.fleet.fleet_command import main

if __name__ == "__main__":
    sys.exit(main())
