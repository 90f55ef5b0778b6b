"""Record external factors: follow a region and write all of it to a catalog."""

from __future__ import annotations

import sys

from live.recorder.record_command import main

if __name__ == "__main__":
    sys.exit(main())
