"""Reading numbers and times out of JSON that cannot be trusted."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from adapters.exchanges.rest_venue import BadBodyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.exchanges.rest_venue import Instrument

NAN: Final = math.nan
NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000
LATEST_NS: Final = 4_102_444_800 * NS_PER_S
"""The year 2100: a later stamp is in a wrong unit."""


def number(raw: Any) -> float:
    """Return a JSON number, or a string that holds one, as a float.

    Any other value (absent, None, ``""``, ``"N/A"``, a boolean, NaN, an infinity) is NaN.
    """
    kind = type(raw)
    if kind is str:
        # float() also accepts 1_000 and digits of other scripts.
        if "_" in raw or not raw.isascii():
            return NAN
    elif kind is not float and kind is not int:
        return NAN
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        return NAN
    return value if math.isfinite(value) else NAN


def record(body: Any, what: str) -> dict[str, Any]:
    """Return ``body`` if it is a JSON object.

    Raises
    ------
    BadBodyError
        If it is anything else.

    """
    if not isinstance(body, dict):
        msg = f"{what}: expected an object, found {_kind(body)}"
        raise BadBodyError(msg)
    return body


def rows(body: Any, what: str) -> list[Any]:
    """Return ``body`` if it is a JSON array that is not empty.

    Raises
    ------
    BadBodyError
        If it is anything else.

    """
    if not isinstance(body, list) or not body:
        msg = f"{what}: expected an array with entries, found {_kind(body)}"
        raise BadBodyError(msg)
    return body


def only(body: Any, what: str) -> dict[str, Any]:
    """Return the first object of an array; see :func:`rows`."""
    return record(rows(body, what)[0], what)


def row_of_symbol(found: Any, symbol: str, what: str) -> dict[str, Any]:
    """Return the object about a symbol, from an array of objects or alone.

    Parameters
    ----------
    found : object
        An object, or an array of objects, each with a ``symbol``.
    symbol : str
        The requested symbol.
    what : str
        The body's name, for messages.

    Raises
    ------
    BadBodyError
        If the answer is about another symbol.

    """
    candidates = found if isinstance(found, list) else [found]
    for row in candidates:
        if isinstance(row, dict) and row.get("symbol") == symbol:
            return row
    msg = f"{what}: nothing about {symbol} in it"
    raise BadBodyError(msg)


def newest(found: Any, key: str, what: str) -> dict[str, Any]:
    """Return the object with the latest stamp, in whichever order the exchange sends them.

    Parameters
    ----------
    found : object
        An array of objects.
    key : str
        The member that holds the stamp, in any unit.
    what : str
        The body's name, for messages.

    Raises
    ------
    BadBodyError
        If there is none with a stamp.

    """
    stamped = [
        row
        for row in rows(found, what)
        if isinstance(row, dict) and not math.isnan(number(row.get(key)))
    ]
    if not stamped:
        msg = f"{what}: no entry has a number as {key!r}"
        raise BadBodyError(msg)
    return max(stamped, key=lambda row: number(row[key]))


def newest_row(found: Any, what: str) -> list[Any]:
    """Return the array whose first element is the latest stamp, in whichever order they are.

    Raises
    ------
    BadBodyError
        If there is none with a stamp.

    """
    stamped = [
        row
        for row in rows(found, what)
        if isinstance(row, list) and row and not math.isnan(number(row[0]))
    ]
    if not stamped:
        msg = f"{what}: no entry begins with a stamp"
        raise BadBodyError(msg)
    return max(stamped, key=lambda row: number(row[0]))


def instruments(
    found: Any, key: str, what: str, read: Callable[[dict[str, Any]], Instrument]
) -> dict[str, Instrument]:
    """Return the instruments of an array of definitions, by their symbols.

    Parameters
    ----------
    found : object
        An array of objects; an empty one defines none.
    key : str
        The member that holds the symbol.
    what : str
        The body's name, for messages.
    read : callable
        Converts one object.

    Raises
    ------
    BadBodyError
        If it is no array, or an entry is no object with a symbol.

    """
    if not isinstance(found, list):
        msg = f"{what}: expected an array, found {_kind(found)}"
        raise BadBodyError(msg)
    defined: dict[str, Instrument] = {}
    for entry in found:
        row = record(entry, what)
        symbol = row.get(key)
        if not isinstance(symbol, str) or not symbol:
            msg = f"{what}: an entry has no {key!r}"
            raise BadBodyError(msg)
        defined[symbol] = read(row)
    return defined


def text_of(row: dict[str, Any], key: str) -> str:
    """Return a member that is text; empty for any other value."""
    value = row.get(key)
    return value if isinstance(value, str) else ""


def unless(row: dict[str, Any], key: str, *traded: str | None) -> str:
    """Return why an instrument with a state is not traded; empty if it is.

    Parameters
    ----------
    row : dict
        Its definition.
    key : str
        The member that holds the state.
    *traded : str
        The states in which it is traded; None: also without a state.

    """
    return "" if row.get(key) in traded else f"{key} {row.get(key)!r:.40}"


def at(row: Any, index: int) -> float:
    """Return the number at an index of an array; NaN if there is none."""
    return number(row[index]) if isinstance(row, list) and -len(row) <= index < len(row) else NAN


def from_ms(raw: Any) -> int:
    """Return UNIX milliseconds as nanoseconds; 0 if not a time of this century."""
    value = number(raw)
    nanoseconds = 0 if math.isnan(value) else int(value) * NS_PER_MS
    return nanoseconds if 0 < nanoseconds < LATEST_NS else 0


def from_us(raw: Any) -> int:
    """Return UNIX microseconds as nanoseconds; 0 as for milliseconds."""
    value = number(raw)
    nanoseconds = 0 if math.isnan(value) else int(value) * 1_000
    return nanoseconds if 0 < nanoseconds < LATEST_NS else 0


def from_s(raw: Any) -> int:
    """Return UNIX seconds as nanoseconds; 0 as for milliseconds."""
    return from_ms(number(raw) * 1_000)


def from_iso(raw: Any) -> int:
    """Return an ISO 8601 time as UNIX nanoseconds; 0 for any other value."""
    if not isinstance(raw, str):
        return 0
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1_000_000) * 1_000


def bps_over(a: float, b: float) -> float:
    """Return how far ``a`` lies above ``b``, in basis points of ``b``; NaN without a base."""
    return (a / b - 1) * 1e4 if b > 0 else NAN


def per_8h(rate: float, interval_h: float) -> float:
    """Return a funding rate paid every ``interval_h`` hours as a rate for 8 hours."""
    return rate * 8 / interval_h if interval_h > 0 else NAN


def ratio(a: float, b: float) -> float:
    """Return ``a / b``; NaN without a base."""
    return a / b if b > 0 else NAN


def _kind(body: Any) -> str:
    if isinstance(body, dict):
        return f"an object with {', '.join(list(map(str, body))[:4]) or 'nothing in it'}"
    return "an empty array" if body == [] else f"{type(body).__name__} {body!r:.60}"
