"""Instants as settings and command lines write them and output prints them: always in UTC."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Self

from dolphin_strategies.errors import ConfigError

NS_PER_S: Final = 1_000_000_000
FIRST_NS: Final = int(datetime(1971, 1, 1, tzinfo=UTC).timestamp()) * NS_PER_S
"""A stamp before this is in a wrong unit: a stamp of this century read in a smaller unit."""
LAST_NS: Final = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()) * NS_PER_S
_FRACTION_DIGITS: Final = 9


class Instant(int):
    """UNIX nanoseconds, written as a date, a date with time, or a number of nanoseconds.

    A date, and a time that states no offset, are in UTC.
    """

    __slots__ = ()

    @classmethod
    def from_str(cls, text: str) -> Self:
        """Read an instant, exactly to the nanosecond.

        Raises
        ------
        ValueError
            If the text is not an instant, or one that no int64 holds: after the year 2261.

        """
        if text.isdecimal():
            return cls._within(int(text), text)
        found = _read(text)
        if found is None:
            msg = (
                "expected an instant such as 2024-08-08T23:54:14.5Z, a date, or UNIX "
                f"nanoseconds; found {text!r}"
            )
            raise ValueError(msg)
        moment, rest_ns = found
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return cls._within(int(moment.timestamp()) * NS_PER_S + rest_ns, text)

    @classmethod
    def _within(cls, ns: int, text: str) -> Self:
        if ns >= 1 << 63:
            msg = f"expected an instant of the years to 2261, found {text!r}"
            raise ValueError(msg)
        return cls(ns)


class OffsetInstant(Instant):
    """UNIX nanoseconds, written as a date with time and its offset from UTC, which must be there.

    For files whose other times are local ones, so that the clock is never ambiguous.
    """

    __slots__ = ()

    @classmethod
    def from_str(cls, text: str) -> Self:
        """Read an instant, exactly to the nanosecond.

        Raises
        ------
        ValueError
            If the text is not an instant, states no offset, or is not in the years 1971 to 2199.

        """
        example = "such as '2026-04-28T00:00:00Z'"
        found = _read(text)
        if found is None:
            msg = f"expected an instant {example}, found {text!r}"
            raise ValueError(msg)
        moment, rest_ns = found
        if moment.tzinfo is None:
            msg = f"expected an instant with its offset from UTC, {example}, found {text!r}"
            raise ValueError(msg)
        ns = int(moment.timestamp()) * NS_PER_S + rest_ns
        if not FIRST_NS <= ns <= LAST_NS:
            msg = f"expected an instant of the years 1971 to 2199, found {text!r}"
            raise ValueError(msg)
        return cls(ns)


def instant_option(option: str, text: str | None) -> Instant | None:
    """Return the instant of an option of a command line; None without one.

    Raises
    ------
    ConfigError
        If it is none, with the option.

    """
    try:
        return None if text is None else Instant.from_str(text)
    except ValueError as error:
        msg = f"{option}: {error}"
        raise ConfigError(msg) from None


def show_instant(ns: int) -> str:
    """Return UNIX nanoseconds as text for the user: to the second, or exactly if finer."""
    seconds, rest_ns = divmod(int(ns), NS_PER_S)
    text = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
    return f"{text}.{rest_ns:09d}".rstrip("0") + "Z" if rest_ns else f"{text}Z"


def iso_instant(ns: int) -> str:
    """Return UNIX nanoseconds as ISO 8601, cut to the microsecond."""
    seconds, rest_ns = divmod(int(ns), NS_PER_S)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest_ns // 1_000:06d}Z"


def _read(text: str) -> tuple[datetime, int] | None:
    """Return the whole second of an ISO 8601 text, and the nanoseconds after it."""
    whole, point, fraction = text.replace(",", ".", 1).partition(".")
    digits = fraction[: len(fraction) - len(fraction.lstrip("0123456789"))]
    if point and not 0 < len(digits) <= _FRACTION_DIGITS:
        return None
    with suppress(ValueError):
        moment = datetime.fromisoformat(whole + fraction[len(digits) :])
        return moment, int(digits.ljust(_FRACTION_DIGITS, "0"))
    return None
