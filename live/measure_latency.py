"""Measure every transport on this machine, in one run, and recommend one."""

from __future__ import annotations

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    interrupt_at_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # Before the other import, which takes a second.
    leave_at_stop_signals("measure_latency.py", LEFT_AT_ONCE)

import sys

from live.latency.measure_command import main

if __name__ == "__main__":
    # The children are ended on the way out.
    interrupt_at_stop_signals()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(LEFT_AT_ONCE)
