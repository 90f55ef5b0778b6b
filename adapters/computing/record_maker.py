"""RecordMaker: at which instants computed factors give a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from dolphin_strategies.computed.states._engine import Records

if TYPE_CHECKING:
    from dolphin_strategies.computed.factor_set import ComputedFactors

KEEP_ALIVE_NS: Final = 100_000_000
"""Unchanged values are published again when there is newer data and the last record is this old:
a strategy with ``max_age`` must be able to tell a quiet market from a silent one."""


class RecordMaker(Records):
    """Evaluates computed factors, and tells whether an instant gives a record.

    There is a record at an instant at which a value changed, and at one with newer data whose
    last record is at least ``KEEP_ALIVE_NS`` old. Which instants are evaluated is the caller's
    choice; the values are not affected by it.

    Parameters
    ----------
    factors : ComputedFactors
        The factors, which the caller updates unless it gives the data to ``take``.

    """

    __slots__ = ()

    def __new__(cls, factors: ComputedFactors) -> Self:
        return super().__new__(cls, factors.intake, factors.evaluator, KEEP_ALIVE_NS)
