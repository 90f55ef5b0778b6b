"""Show what runs on this machine on one screen, without touching it."""

from __future__ import annotations

from adapters.process.stop_signals import leave_at_stop_signals

if __name__ == "__main__":
    # Before the other imports: a monitor that has not begun is left as asked.
    leave_at_stop_signals("monitor.py", 0)

import sys

from live.monitoring.monitor_command import main

if __name__ == "__main__":
    sys.exit(main())
