"""HealthLog: logs changes in the health of the sources, not the outcome of every poll."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapters.exf.reading.source_reader import SourceReader

log: Final = logging.getLogger("exf")

LOOK_S: Final = 1.0
FAILING_S: Final = 2.0
"""How long a source fails before the failure is logged; counters hold shorter failures."""


class HealthLog:
    """Compare the state of each source with its state one second earlier.

    A venue of which no source answers is logged in one line, not one for each source.

    Parameters
    ----------
    readers : sequence of SourceReader
        The readers of all sources.

    """

    def __init__(self, readers: Iterable[SourceReader]) -> None:
        self._venues: Final[dict[str, list[SourceReader]]] = {}
        for reader in readers:
            self._venues.setdefault(reader.source.venue, []).append(reader)
        self._dead_since_s: Final[dict[str, float]] = {}
        self._failing_since_s: Final[dict[str, float]] = {}
        self._logged: Final[set[str]] = set()
        self._refusing: Final[set[str]] = set()
        self._seen: Final[dict[str, tuple[int, int]]] = {}
        self._logged_silence = False

    async def run(self) -> None:
        """Check once a second until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look(time.monotonic())

    def look(self, now_s: float) -> None:
        """Log the changes since the last check."""
        for name, readers in self._venues.items():
            self._look_at_venue(name, readers, now_s)
        answered = any(p.health.answers for ps in self._venues.values() for p in ps)
        if not answered and not self._logged_silence:
            readers = [p for ps in self._venues.values() for p in ps]
            if all(p.health.failures for p in readers):
                self._logged_silence = True
                log.error("NO SOURCE HAS ANSWERED: is there a network? Every factor is NaN")
        elif answered and self._logged_silence:
            self._logged_silence = False
            log.warning("sources answer now")

    def _look_at_venue(self, name: str, readers: Sequence[SourceReader], now_s: float) -> None:
        # Once a venue has answered, one failure of each source may be chance.
        chances = 1 if any(p.health.answers for p in readers) else 0
        if all(p.health.failures > chances for p in readers):
            if name not in self._dead_since_s:
                self._dead_since_s[name] = now_s
                why = readers[0].health.last_error
                log.warning("%s: none of its %d sources answers: %s", name, len(readers), why)
            return
        if name in self._dead_since_s:
            dead_s = now_s - self._dead_since_s.pop(name)
            log.warning("%s answers again after %.0f s", name, dead_s)
        for reader in readers:
            self._look_at_source(reader, now_s)

    def _look_at_source(self, reader: SourceReader, now_s: float) -> None:
        key, health = reader.source.key, reader.health
        if health.failures:
            since_s = self._failing_since_s.setdefault(key, now_s)
            if now_s - since_s >= FAILING_S and key not in self._logged:
                self._logged.add(key)
                log.warning("%s fails: %s", key, health.last_error)
        elif key in self._failing_since_s:
            failed_s = now_s - self._failing_since_s.pop(key)
            if key in self._logged:
                self._logged.discard(key)
                log.warning("%s answers again after %.0f s", key, failed_s)
        seen_answers, seen_refusals = self._seen.get(key, (0, 0))
        refusals = health.refused_values.total()
        if health.answers == seen_answers:
            return
        self._seen[key] = health.answers, refusals
        is_refusing = refusals > seen_refusals
        if is_refusing and key not in self._refusing:
            self._refusing.add(key)
            log.warning("%s: unusable values: %s", key, health.last_refused)
        elif not is_refusing and key in self._refusing:
            self._refusing.discard(key)
            log.warning("%s: its values are usable again", key)
