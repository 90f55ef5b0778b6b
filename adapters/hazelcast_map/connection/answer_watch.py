"""AnswerWatch: how long a call has had no answer, and a call of its own when there was none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from hazelcast.future import Future

PROBE_S: Final = 0.2
"""After this time without a call there is one: a mute cluster is noticed within a second."""


class AnswerWatch:
    """Watch the calls of one connection, of which one is under way at a time, and one probe.

    Attributes
    ----------
    failure : Exception or None
        Why a probe failed.

    Notes
    -----
    For one thread at a time; the caller holds its lock.

    """

    def __init__(self) -> None:
        self.failure: BaseException | None = None
        self._probe: Future[bool] | None = None
        self._asked_s = 0.0

    def ask(self) -> None:
        """Mark that a call was made."""
        if self._probe is None:  # else the answer that is waited for is the probe's
            self._asked_s = time.monotonic()

    def answer(self) -> float:
        """Mark that an answer came; return after how many seconds."""
        now_s = time.monotonic()
        took_s, self._asked_s = now_s - self._asked_s, now_s
        return took_s

    def waited_s(self, *, is_asked: bool) -> float:
        """Return for how long a call or the probe has had no answer, seconds; 0: none is open."""
        is_open = is_asked or self._probe is not None
        return time.monotonic() - self._asked_s if is_open else 0.0

    def is_due(self) -> bool:
        """Return whether there was no call for so long that a probe is due."""
        return self._probe is None and time.monotonic() - self._asked_s >= PROBE_S

    def probe(self, make: Callable[[], Future[bool]]) -> Future[bool]:
        """Make the probe's call."""
        self._asked_s = time.monotonic()
        self._probe = make()
        return self._probe

    def end_probe(self, probe: Future[bool]) -> bool:
        """Return whether the probe that ended was the open one, and brought an answer."""
        if self._probe is not probe:
            return False
        self._probe = None
        if not probe.is_success():
            self.failure = probe.exception()
            return False
        return True
