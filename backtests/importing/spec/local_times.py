"""Local times and calendar days of a time zone, converted into UNIX nanoseconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from adapters.command.durations import DAY_NS
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from datetime import tzinfo

    from adapters.command.durations import Duration

HOLE: Final = 1.5
"""A stamp is missing where the next one is more than 1.5 times the usual distance away."""
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - of local times
_BLOCK: Final = timedelta(minutes=15)
"""Clocks change at multiples of this, so that one look-up serves a whole block."""
_BLOCK_NS: Final = 900 * 1_000_000_000


def zone_of(name: str) -> tzinfo:
    """Return the time zone of an IANA name.

    Raises
    ------
    ConfigError
        If there is none.

    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        msg = (
            f"timezone: there is no {name!r}; expected an IANA name such as 'UTC' or "
            "'America/New_York'"
        )
        raise ConfigError(msg) from None


@dataclass(frozen=True, kw_only=True)
class LocalStamps:
    """Local times, each with the two instants that it may denote.

    Attributes
    ----------
    earlier, later : int64 arrays of shape (times,)
        UNIX nanoseconds; they differ where clocks were set back over the local time, and where
        they were set forward over it.
    ambiguous, nonexistent : bool arrays of shape (times,)
        Which of the two applies.

    """

    earlier: NDArray[np.int64]
    later: NDArray[np.int64]
    ambiguous: NDArray[np.bool_]
    nonexistent: NDArray[np.bool_]


def from_local(local_ns: NDArray[np.int64], zone: tzinfo) -> LocalStamps:
    """Convert local times into instants.

    Parameters
    ----------
    local_ns : int64 array of shape (times,)
        Nanoseconds since 1970-01-01 00:00 on the zone's wall clock.
    zone : tzinfo
        The time zone of the local times.

    """
    blocks, block_of = np.unique(local_ns // _BLOCK_NS, return_inverse=True)
    times = [_EPOCH + int(block) * _BLOCK for block in blocks]
    # Before a clock is set back the first offset holds, afterwards the second.
    first, second = (
        np.array([_offset_ns(zone, t.replace(fold=fold)) for t in times], np.int64)[block_of]
        for fold in (0, 1)
    )
    return LocalStamps(
        earlier=local_ns - np.maximum(first, second),
        later=local_ns - np.minimum(first, second),
        ambiguous=first > second,
        nonexistent=first < second,
    )


def after(
    stamps_ns: NDArray[np.int64], duration: Duration, zone: tzinfo, times: int = 1
) -> NDArray[np.int64]:
    """Return instants later by a duration; days are calendar days of a zone.

    If the resulting local time occurs twice, the later instant is used, so that nothing is known
    early.

    Parameters
    ----------
    stamps_ns : int64 array of shape (stamps,)
        UNIX nanoseconds.
    duration : Duration
        How much later.
    zone : tzinfo
        The time zone whose calendar days are used.
    times : int
        The number of durations to add.

    Returns
    -------
    int64 array of shape (stamps,)
        UNIX nanoseconds.

    """
    if not duration.days or zone is UTC:
        return stamps_ns + times * duration.ns
    return from_local(_to_local(stamps_ns, zone) + times * duration.days * DAY_NS, zone).later


def on_clock(days_ns: NDArray[np.int64], time_ns: int, zone: tzinfo) -> NDArray[np.int64]:
    """Return the instants at which a zone's clock shows a time of day.

    If it shows the time twice or never, the later instant is used, so that nothing is known early.

    Parameters
    ----------
    days_ns : int64 array of shape (days,)
        The beginning of each day, UNIX nanoseconds.
    time_ns : int
        Nanoseconds after midnight on the wall clock; a whole day is the end of the day.
    zone : tzinfo
        The time zone of the clock.

    Returns
    -------
    int64 array of shape (days,)
        UNIX nanoseconds.

    """
    return from_local(_to_local(days_ns, zone) + time_ns, zone).later


def _to_local(stamps_ns: NDArray[np.int64], zone: tzinfo) -> NDArray[np.int64]:
    """Return instants as nanoseconds since 1970-01-01 00:00 on the zone's wall clock."""
    blocks, block_of = np.unique(stamps_ns // _BLOCK_NS, return_inverse=True)
    offsets = [
        _offset_ns(zone, (_EPOCH + int(b) * _BLOCK).replace(tzinfo=UTC).astimezone(zone))
        for b in blocks
    ]
    local: NDArray[np.int64] = stamps_ns + np.array(offsets, np.int64)[block_of]
    return local


def count_missing(stamps: NDArray[np.int64], every: Duration) -> int:
    """Count the stamps that are missing.

    Parameters
    ----------
    stamps : int64 array of shape (stamps,)
        UNIX nanoseconds, not falling.
    every : Duration
        The interval at which a stamp was due.

    """
    distances = np.diff(stamps) / every.ns
    return int((np.rint(distances) - 1)[distances > HOLE].sum())


def _offset_ns(zone: tzinfo, local: datetime) -> int:
    offset = zone.utcoffset(local)
    return 0 if offset is None else round(offset.total_seconds()) * 1_000_000_000
