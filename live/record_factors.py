"""Record external factors: follow a region and write all of it to a catalog."""

from __future__ import annotations

from adapters.process.stop_signals import leave_at_stop_signals

if __name__ == "__main__":
    # Before the other imports: a recording that has not begun is stopped as asked.
    leave_at_stop_signals("record_factors.py", 0)

import sys

from live.recorder.record_command import main

if __name__ == "__main__":
    sys.exit(main())
