"""The node's command with a source that raises after a while, as a bug in the feed would."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from adapters.shm.source import ShmSource
from live.node.node_command import main

if TYPE_CHECKING:
    from dolphin_strategies import ExternalFactors

RECORDS_BEFORE_ERROR = 120

_read_latest = ShmSource.read_latest
_records = 0


def read_latest(self: ShmSource, spin_ns: int = 0) -> ExternalFactors | None:
    """Read, and raise at the 120th record."""
    global _records  # noqa: PLW0603 - one process, one count
    f = _read_latest(self, spin_ns)
    _records += f is not None
    if _records == RECORDS_BEFORE_ERROR:
        msg = "planted in the feed"
        raise RuntimeError(msg)
    return f


if __name__ == "__main__":
    ShmSource.read_latest = read_latest  # type: ignore[method-assign]
    sys.exit(main())
