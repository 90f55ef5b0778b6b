"""Settled funding rates: their times, their intervals, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from backtests.importing.backfilling.formats.archive_format import Converted, FieldSeries
from backtests.importing.backfilling.formats.market_rows import funding_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from backtests.importing.backfilling.formats.archive_format import Origin

HOUR_NS: Final = 3_600_000_000_000
USUAL_H: Final = 8
_HOURS: Final = (1, 2, 4, 8)
"""The intervals that exchanges have."""


def intervals_h(at_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the hours that each settled rate is for, by the distances of the settlements.

    Parameters
    ----------
    at_ns : int64 array of shape (rows,)
        UNIX nanoseconds, rising.

    Returns
    -------
    int64 array of shape (rows,)
        The distance to the settlement before, if it is an interval that exchanges have; else,
        of the first one and after a hole, the distance to the next one; else 8.

    """
    hours = np.rint(np.diff(at_ns) / HOUR_NS).astype(np.int64)
    before, after = np.append(0, hours), np.append(hours, 0)
    found = np.where(np.isin(after, _HOURS), after, USUAL_H)
    return np.where(np.isin(before, _HOURS), before, found)


def settled(
    origin: Origin, at_ns: NDArray[np.int64], rates: Sequence[str], source: str
) -> Converted:
    """Return the rates as Nautilus's funding and as factors.

    Parameters
    ----------
    origin : Origin
        Whose rates they are.
    at_ns : int64 array of shape (rows,)
        UNIX nanoseconds of the settlements, rising.
    rates : sequence of str
        Fractions of the notional for one interval, exact.
    source : str
        The live source of ``funding_8h`` and ``funding_interval_h``.

    """
    hours = intervals_h(at_ns)
    values = np.array([float(rate) for rate in rates])
    every_ns = int(hours.max()) * HOUR_NS if len(hours) else 0
    series = tuple(
        FieldSeries(source, field, "", at_ns, numbers, every_ns)
        for field, numbers in (
            ("funding_8h", values * 8 / hours),
            ("funding_interval_h", hours.astype(np.float64)),
        )
    )
    return Converted((funding_rows(origin.instrument_id, at_ns, rates, hours * 60),), series)
