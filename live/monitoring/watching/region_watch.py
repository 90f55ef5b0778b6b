"""RegionWatch: looks at one region as a reader that never sleeps, so that no writer serves it."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.process.byte_lock import is_locked
from adapters.shm import FactorReader, RegionError, RegionNotReadyError
from adapters.shm.region.region_files import folder_of
from dolphin_strategies.errors import printable
from live.monitoring.watching.pictures import FactorPicture, RegionPicture

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.shm.reading.attachment import WriterStatus

KEPT_LOOKS: Final = 120
RATE_LOOKS: Final = 5
"""Looks over which a rate is taken."""
SILENT_S: Final = 2.0
"""A writer beats ten times a second; after this it counts as hanging."""
PLACES: Final = 64


class RegionWatch:
    """The region at a path, whichever file lies there.

    Parameters
    ----------
    path : Path
        The region.

    Notes
    -----
    Attached read-only, in this process; it takes no reader's place, asks for no wake-up, and
    writes nothing anywhere. What a hostile file holds is refused as any reader refuses it.

    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._reader: FactorReader | None = None
        self._seen: Final[deque[tuple[float, int]]] = deque(maxlen=RATE_LOOKS + 1)
        self._rows: Final[deque[np.ndarray]] = deque(maxlen=KEPT_LOOKS)
        self._changed_s = np.empty(0)
        self._event_ns = 0
        self._readers = 0
        self._looks = 0

    def look(self) -> RegionPicture:
        """Read what is there now."""
        try:
            return self._look()
        except RegionNotReadyError:
            self._leave()
            return RegionPicture(path=self.path, problem="gone: nothing lies at the path")
        except (RegionError, OSError, ValueError) as error:
            self._leave()
            return RegionPicture(path=self.path, problem=printable(str(error)))

    def _look(self) -> RegionPicture:
        if self._reader is not None and not self._reader.is_current():
            self._leave()
        if self._reader is None:
            self._reader = FactorReader(self.path)
            self._changed_s = np.full(len(self._reader.schema), np.nan)
        reader, now_s = self._reader, time.monotonic()
        status, newest = reader.status(), reader.latest()
        values = np.full(len(reader.schema), np.nan)
        if newest is not None:
            values[:] = newest.array
            self._event_ns = newest.ts_event
        if self._rows:
            before = self._rows[-1]
            is_same = (values == before) | (np.isnan(values) & np.isnan(before))
            self._changed_s[~is_same] = now_s
        self._rows.append(values)
        self._seen.append((now_s, status.published))
        if self._looks % RATE_LOOKS == 0:
            self._readers = self._count_readers()
        self._looks += 1
        return RegionPicture(
            path=self.path,
            problem=self._problem(status),
            pid=status.pid if status.alive else 0,
            is_closed=not status.alive and status.has_closed,
            names=reader.schema.names,
            alive=int((~np.isnan(values)).sum()),
            published=status.published,
            rate=self._rate(),
            age_s=time.time() - self._event_ns / 1e9 if newest is not None else float("nan"),
            readers=self._readers,
        )

    def _problem(self, status: WriterStatus) -> str:
        if not status.alive:
            return "" if status.has_closed else "its producer is gone"
        silent_s = (time.monotonic_ns() - status.heartbeat_mono_ns) / 1e9
        return f"its producer is silent for {silent_s:.0f} s" if silent_s > SILENT_S else ""

    def _rate(self) -> float:
        (from_s, before), (to_s, now) = self._seen[0], self._seen[-1]
        return (now - before) / (to_s - from_s) if to_s > from_s else float("nan")

    def _count_readers(self) -> int:
        """Return how many places for sleeping readers are held, as the kernel knows it."""
        fd = -1
        with suppress(OSError):
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            fd = os.open(folder_of(self.path) / "waiters", flags)
            try:
                return sum(is_locked(fd, byte=place) for place in range(PLACES))
            finally:
                os.close(fd)
        return 0

    def factors(self) -> list[FactorPicture]:
        """Return the factors as of the last look, in the region's order."""
        return [] if self._reader is None else [*map(self._factor, range(len(self._changed_s)))]

    def factor(self, name: str) -> FactorPicture | None:
        """Return one factor as of the last look, or None."""
        if self._reader is None or name not in self._reader.schema.names:
            return None
        return self._factor(self._reader.schema.names.index(name))

    def _factor(self, index: int) -> FactorPicture:
        names = () if self._reader is None else self._reader.schema.names
        history = tuple(float(row[index]) for row in self._rows)
        return FactorPicture(
            name=names[index],
            value=history[-1] if history else float("nan"),
            changed_s=time.monotonic() - float(self._changed_s[index]),
            history=history,
        )

    def _leave(self) -> None:
        self.close()
        self._rows.clear()
        self._seen.clear()

    def close(self) -> None:
        """Detach; safe to call again."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
