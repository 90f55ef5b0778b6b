"""RegionBridge: writes each record of another machine's producer into a region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from adapters.shm import FactorWriter
from dolphin_strategies import FactorSource, SourceState
from live.bridging.bridge import Bridge

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dolphin_strategies import ExternalFactors
    from dolphin_strategies.factors.source import SourceStatus
    from live.bridging.bridge import Program


class CountingSource(FactorSource, Protocol):
    """A source that counts what it refused or changed, by name."""

    @property
    def counters(self) -> dict[str, int]:
        """The counts."""


class RegionBridge(Bridge):
    """Write each record of a source into a region.

    The region is created with the first record, which has the names. While the source
    is not live the region is closed, so that its readers see at once that there is no producer;
    records that come meanwhile wait in the source.

    Parameters
    ----------
    program : Program
        The program that this is the work of.
    source : CountingSource
        Opened and closed by ``run``.
    region : Path
        The region's file.

    """

    def __init__(self, program: Program, source: CountingSource, region: Path) -> None:
        super().__init__(program, source, str(region))
        self._counting: Final = source
        self._region: Final = region
        self._writer: FactorWriter | None = None
        self._names: Sequence[str] = ()
        self._values = np.empty(0)

    def _may_write(self) -> bool:
        return self._source.status().state is SourceState.LIVE

    def _write(self, f: ExternalFactors) -> None:
        if not self._names:
            self._say(f"writing {len(f)} factors into {self._region}")
        writer = self._open(self._names or f.schema.names)
        self._names = f.schema.names
        if writer.schema != f.schema:
            # New names: the writer makes a new file, which readers follow.
            writer.write(dict(f), f.ts_event)
            self._say(f"{len(f)} factors now")
            return
        if len(self._values) != len(f):
            self._values = np.empty(len(f))
        self._values[:] = f.array
        writer.write_values(self._values, f.ts_event)

    def _open(self, names: Sequence[str]) -> FactorWriter:
        if self._writer is None:
            self._writer = FactorWriter(self._region, names)
        return self._writer

    def _look(self, status: SourceStatus) -> tuple[str, bool]:
        state = f"{status.state.value}{': ' if status.reason else ''}{status.reason}"
        if status.state is not SourceState.LIVE:
            self._end()
            return state, False
        if self._names:
            self._open(self._names).heartbeat()
        # Records may have waited until the source was live.
        self._copy()
        return state, True

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _counters(self) -> dict[str, int]:
        return self._counting.counters
