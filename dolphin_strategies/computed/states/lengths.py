"""Lengths of windows as a configuration states them."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

LONGEST_S: Final = 366 * 86_400
DAY_NS: Final = 86_400_000_000_000


class Length(NamedTuple):
    """The length of a window; one of three.

    Attributes
    ----------
    window_ns : int or None
        Nanoseconds.
    events : int or None
        Data.
    period_ns : int or None
        Nanoseconds; the window begins anew at each multiple since 1970.

    """

    window_ns: int | None = None
    events: int | None = None
    period_ns: int | None = None


def nanoseconds(name: str, seconds: float) -> int:
    """Return a duration in whole nanoseconds.

    Raises
    ------
    ValueError
        If it is not above 0, or more than a year.

    """
    is_number = isinstance(seconds, int | float) and math.isfinite(seconds)
    if not is_number or not 1e-9 <= seconds <= LONGEST_S:
        msg = f"{name}: expected seconds above 0 and at most a year, found {seconds!r}"
        raise ValueError(msg)
    return round(seconds * 1e9)


def steps(name: str, step_s: float, window_ns: int) -> int:
    """Return a step in whole nanoseconds, of which a window has a whole number, 2 or more.

    Raises
    ------
    ValueError
        If it is not such a step.

    """
    step_ns = nanoseconds(name, step_s)
    if window_ns % step_ns or window_ns < 2 * step_ns:
        window_s = window_ns / 1e9
        msg = f"{name}: expected a half, third, … of the window of {window_s} s, found {step_s}"
        raise ValueError(msg)
    return step_ns


def length(
    *, window_s: float | None = None, events: int | None = None, session: bool = False
) -> Length:
    """Return the length of a window: of time, of data, or since midnight UTC.

    Raises
    ------
    ValueError
        If not exactly one is given, or it is not above 0.

    """
    if (window_s is not None) + (events is not None) + bool(session) != 1:
        msg = "expected one length: window_s, events or, where the class has it, session"
        raise ValueError(msg)
    if session:
        return Length(period_ns=DAY_NS)
    if window_s is not None:
        return Length(window_ns=nanoseconds("window_s", window_s))
    if not isinstance(events, int) or not 1 <= events <= 10**8:
        msg = f"events: expected 1 to 100,000,000, found {events!r}"
        raise ValueError(msg)
    return Length(events=events)
