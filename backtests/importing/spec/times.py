"""Spans, instants and local times of an import, all turned into UNIX nanoseconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from datetime import tzinfo


UNITS_NS: Final = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
DAY_NS: Final = 86_400_000_000_000
NEVER_NS: Final = int(np.iinfo(np.int64).max)
FIRST_NS: Final = int(datetime(1971, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000
"""Stamps before this are a wrong unit: a stamp of this century read as a smaller one."""
LAST_NS: Final = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000
HOLE: Final = 1.5
"""A stamp is missing where the next one is more than 1.5 times the usual distance away."""
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - of local times
_BLOCK: Final = timedelta(minutes=15)
"""Clocks change at multiples of this, so that one look-up serves a whole block."""
_BLOCK_NS: Final = 900 * 1_000_000_000
_SPAN_UNITS_NS: Final = UNITS_NS | {
    "m": 60 * 1_000_000_000,
    "h": 3_600 * 1_000_000_000,
    "d": DAY_NS,
    "w": 7 * DAY_NS,
}
_SPAN_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h|d|w)")


@dataclass(frozen=True)
class Span:
    """A length of time such as ``15m``, ``1h30m`` or ``1d``.

    Attributes
    ----------
    text : str
        As it was written.
    ns : int
        Its length where a day has 24 hours.
    days : int
        Calendar days, if it was written in days or weeks; 0 otherwise.

    """

    text: str
    ns: int
    days: int = 0

    @classmethod
    def from_str(cls, text: str) -> Self:
        """Read a span.

        Raises
        ------
        ValueError
            If the text is none.

        """
        parts = _SPAN_PART.findall(text)
        if not parts or "".join(a + u for a, u in parts) != text.replace(" ", ""):
            msg = (
                f"{text!r} is not a span; expected a number and a unit of "
                f"{', '.join(_SPAN_UNITS_NS)}, such as '15m', '1d' or '1h30m'"
            )
            raise ValueError(msg)
        # Whole numbers stay exact.
        ns = sum(
            round(float(a) * _SPAN_UNITS_NS[u]) if "." in a else int(a) * _SPAN_UNITS_NS[u]
            for a, u in parts
        )
        if ns > LAST_NS:
            msg = f"{text!r} is longer than two centuries"
            raise ValueError(msg)
        in_days = all(u in {"d", "w"} and "." not in a for a, u in parts)
        return cls(text, ns, ns // DAY_NS if in_days else 0)

    def __str__(self) -> str:
        return self.text


NO_SPAN: Final = Span("0s", 0)
FOREVER: Final = Span("forever", NEVER_NS)


class ValidFor(Span):
    """A span, or ``forever``."""

    @classmethod
    def from_str(cls, text: str) -> Self:
        """Read it.

        Raises
        ------
        ValueError
            If the text is neither.

        """
        if text == FOREVER.text:
            return cls(FOREVER.text, FOREVER.ns)
        span = super().from_str(text)
        if not span.ns:
            msg = "expected more than 0, or 'forever'"
            raise ValueError(msg)
        return span


@dataclass(frozen=True)
class Instant:
    """A point in time in UNIX nanoseconds."""

    ns: int

    @classmethod
    def from_str(cls, text: str) -> Self:
        """Read an ISO 8601 stamp that says its offset.

        Raises
        ------
        ValueError
            If the text is none or says no offset.

        """
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            msg = f"{text!r} is not an instant; expected one such as '2026-04-28T00:00:00Z'"
            raise ValueError(msg) from None
        if found.tzinfo is None:
            msg = f"expected an offset from UTC, as in '2026-04-28T00:00:00Z', found {text!r}"
            raise ValueError(msg)
        whole = found.replace(microsecond=0)
        ns = int(whole.timestamp()) * 1_000_000_000 + found.microsecond * 1_000
        if not FIRST_NS <= ns <= LAST_NS:
            msg = f"{text!r}: expected a year from 1971 to 2199"
            raise ValueError(msg)
        return cls(ns)


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
    """Local times as both instants that they may be.

    Attributes
    ----------
    earlier, later : int64 arrays
        UNIX nanoseconds; they differ where clocks were set back over the local time, and where
        they were set forward over it.
    ambiguous, nonexistent : bool arrays
        Which of the two happened.

    """

    earlier: NDArray[np.int64]
    later: NDArray[np.int64]
    ambiguous: NDArray[np.bool_]
    nonexistent: NDArray[np.bool_]


def from_local(local_ns: NDArray[np.int64], zone: tzinfo) -> LocalStamps:
    """Turn local times, nanoseconds since 1970-01-01 00:00 on the wall clock, into instants."""
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
    stamps_ns: NDArray[np.int64], span: Span, zone: tzinfo, times: int = 1
) -> NDArray[np.int64]:
    """Return the instants ``times`` spans later; days are calendar days of the zone.

    Where a clock shows the result twice it is the later instant, so that nothing is known early.
    """
    if not span.days or zone is UTC:
        return stamps_ns + times * span.ns
    blocks, block_of = np.unique(stamps_ns // _BLOCK_NS, return_inverse=True)
    offsets = [
        _offset_ns(zone, (_EPOCH + int(b) * _BLOCK).replace(tzinfo=UTC).astimezone(zone))
        for b in blocks
    ]
    local_ns = stamps_ns + np.array(offsets, np.int64)[block_of] + times * span.days * DAY_NS
    return from_local(local_ns, zone).later


def count_missing(stamps: NDArray[np.int64], every: Span) -> int:
    """Return how many stamps are missing where one was due at every such distance."""
    distances = np.diff(stamps) / every.ns
    return int((np.rint(distances) - 1)[distances > HOLE].sum())


def show(ns: int) -> str:
    """Return an instant as people read it, to the second or as exactly as it needs."""
    seconds, rest = divmod(int(ns), 1_000_000_000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{text}.{rest:09d}".rstrip("0") + "Z" if rest else f"{text}Z"


def _offset_ns(zone: tzinfo, local: datetime) -> int:
    offset = zone.utcoffset(local)
    return 0 if offset is None else round(offset.total_seconds()) * 1_000_000_000
