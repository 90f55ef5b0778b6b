"""The recorder to which each stop signal is a request of its own, however soon it comes."""

from __future__ import annotations

import sys

from adapters.process import stop_signals
from live.recorder.record_command import main

if __name__ == "__main__":
    stop_signals.COPY_S = 0.0  # type: ignore[misc]
    sys.exit(main())
