"""ProcessFigures: the snapshots of a process that has no other place for them."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from adapters.command.terminal import say
from adapters.process.run_folder import RunFolder
from live.metrics.snapshot_file import FIGURES_NAME, SnapshotWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from live.metrics.metrics_endpoint import MetricsEndpoint
    from live.metrics.snapshot import Snapshot

INTERVAL_S: Final = 1.0


class ProcessFigures:
    """Writes a snapshot a second into a folder of its own, if an endpoint is wanted.

    Parameters
    ----------
    endpoint : MetricsEndpoint
        Serves them; one that is not wanted: nothing is written and made.

    """

    def __init__(self, endpoint: MetricsEndpoint) -> None:
        self._endpoint: Final = endpoint
        self._held: Final = ExitStack()
        self._file: SnapshotWriter | None = None
        self._next_s = 0.0

    def __enter__(self) -> Self:
        if self._endpoint.is_wanted:
            path = self._held.enter_context(RunFolder()).path / FIGURES_NAME
            self._file = SnapshotWriter(path, lambda text: say(text, to=sys.stderr))
            self._held.callback(self._file.close)
            self._held.enter_context(self._endpoint.serving(path))
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def look(self, make: Callable[[], Snapshot]) -> None:
        """Write what ``make`` returns, if it is time."""
        now_s = time.monotonic()
        if self._file is not None and now_s >= self._next_s:
            self._next_s = now_s + INTERVAL_S
            self._file.write(make())
