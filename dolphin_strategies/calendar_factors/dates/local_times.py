"""Local times: days and times of day of a place as instants, with its daylight saving."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def instants_of(zone: str, times: Iterable[tuple[date, time]]) -> NDArray[np.int64]:
    """Return days and times of day of a place as UNIX nanoseconds.

    Parameters
    ----------
    zone : str
        The IANA name, such as ``America/New_York``.
    times : iterable of (date, time)
        Local days and times.

    """
    place = ZoneInfo(zone)
    seconds = [(datetime.combine(day, at, tzinfo=place) - _EPOCH) // _SECOND for day, at in times]
    return np.array(seconds, np.int64) * 1_000_000_000


def start_of_year_ns(year: int) -> int:
    """Return the beginning of a year in UTC, UNIX nanoseconds."""
    return (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // _SECOND * 1_000_000_000


def last_friday(year: int, month: int) -> date:
    """Return the last Friday of a month."""
    following = date(year + month // 12, month % 12 + 1, 1)
    last = following - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - 4) % 7)
