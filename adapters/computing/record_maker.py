"""RecordMaker: at which instants computed factors give a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dolphin_strategies.computed.computed_factor import NEVER

if TYPE_CHECKING:
    from dolphin_strategies.computed.factor_set import ComputedFactors

KEEP_ALIVE_NS: Final = 100_000_000
"""Unchanged values are published again when there is newer data and the last record is this old:
a strategy with ``max_age`` must be able to tell a quiet market from a silent one."""


class RecordMaker:
    """Evaluates computed factors, and tells whether an instant gives a record.

    There is a record at an instant at which a value changed, and at one with newer data whose
    last record is at least ``KEEP_ALIVE_NS`` old. Which instants are evaluated is the caller's
    choice; the values are not affected by it.

    Parameters
    ----------
    factors : ComputedFactors
        The factors, which the caller updates.

    Attributes
    ----------
    records : int
        Records so far.

    """

    __slots__ = ("_evaluate", "_evaluated_ns", "_factors", "_made_ns", "_ts_event", "records")

    def __init__(self, factors: ComputedFactors) -> None:
        self._factors: Final = factors
        self._evaluate: Final = factors.evaluate
        self._evaluated_ns = self._made_ns = 0
        self._ts_event = 0
        self.records = 0

    def evaluate(self, now_ns: int) -> bool:
        """Bring the values to an instant.

        Parameters
        ----------
        now_ns : int
            Not before the newest data and the last evaluation, UNIX nanoseconds.

        Returns
        -------
        bool
            Whether there is a record, of the set's ``values`` and ``ts_event``.

        """
        self._evaluated_ns = now_ns
        is_changed = self._evaluate(now_ns)
        ts_event = self._factors.ts_event
        if not is_changed and (
            ts_event <= self._ts_event or now_ns - self._made_ns < KEEP_ALIVE_NS
        ):
            return False
        self._made_ns = now_ns
        self._ts_event = ts_event
        self.records += 1
        return True

    @property
    def expiry_ns(self) -> int:
        """The next instant, not evaluated yet, at which an input becomes too old; or ``NEVER``."""
        expiry_ns = self._factors.expiry_ns
        return expiry_ns if expiry_ns > self._evaluated_ns else NEVER
