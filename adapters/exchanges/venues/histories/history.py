"""History: the description of an endpoint that gives rows of the past, window by window."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from adapters.exchanges.json_values import number
from adapters.exchanges.rest_venue import ApiRequest, BadBodyError, SymbolPattern

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
LATEST_MS: Final = 4_102_444_800_000
"""The year 2100: a later stamp is in a wrong unit."""
BAR_FIELDS: Final[Mapping[str, str]] = {
    "open": "quote currency",
    "high": "quote currency",
    "low": "quote currency",
    "close": "quote currency",
    "volume": "as the venue counts sizes",
}
SERVED_MS: Final = MINUTE_MS
"""How long after their five minutes ratios are served: an assumption, on the late side."""
PREMIUM_FIELDS: Final[Mapping[str, str]] = {"premium_index": "fraction of the index price"}
FUNDING_FIELDS: Final[Mapping[str, str]] = {
    "paid_funding_rate": "fraction for one funding interval, as paid"
}


class HistoryRow(NamedTuple):
    """One row of an answer."""

    stamp_ms: int
    """The exchange's stamp, UNIX milliseconds."""
    values: Mapping[str, str]
    """Each field of the history as the exchange wrote it, or as text of a number made of it."""


type HistoryParser = Callable[[Any, str], list[HistoryRow]]
"""Parsed JSON and a symbol → its rows, in any order, perhaps none. Pure; raises BadBodyError."""


@dataclass(frozen=True, kw_only=True)
class History(ApiRequest):
    """One request for rows of the past.

    Attributes
    ----------
    path, query : str, mapping of str to str
        Templates: ``{symbol}``; for the half-open window that is asked for ``{start_ms}``, the
        instant before it ``{before_ms}``, its last instant ``{last_ms}`` and its end
        ``{end_ms}``, all UNIX milliseconds.
    parse : callable
        Converts the body into rows.
    fields : mapping of str to str
        The fields of each row: field → meaning with unit.
    endpoint : str
        The venue's endpoint that gives the same fields live; empty for what no polled endpoint
        gives: market data, settled funding, the premium index.
    page_rows : int
        The largest number of rows of an answer.
    least_ms : int
        The smallest distance of two rows, milliseconds.
    usual_ms : int
        The usual distance of two rows, milliseconds; a larger hole is asked for once more.
    covers_ms : int
        How long after its stamp a row is complete, milliseconds: the span of a row that is
        stamped with its start; 0 for one that is stamped with its own instant.
    served_ms : int
        How long after it is complete a row is served: an assumption, on the late side.
    reach_ms : int
        How far back the exchange answers, milliseconds.
    symbols : SymbolPattern, optional
        How the symbol of an asset is made, if not in the venue's way.

    """

    parse: HistoryParser
    fields: Mapping[str, str]
    endpoint: str = ""
    page_rows: int
    least_ms: int
    usual_ms: int
    covers_ms: int = 0
    served_ms: int = 0
    reach_ms: int
    symbols: SymbolPattern | None = None

    @property
    def window_ms(self) -> int:
        """The longest window whose rows fit into one answer, milliseconds."""
        return self.page_rows * self.least_ms

    def request(self, symbol: str, start_ms: int, end_ms: int) -> ApiRequest:
        """Return the request for the rows of a half-open window, UNIX milliseconds."""
        moments = {
            "{before_ms}": str(start_ms - 1),
            "{start_ms}": str(start_ms),
            "{last_ms}": str(end_ms - 1),
            "{end_ms}": str(end_ms),
            "{symbol}": symbol,
        }
        query = {name: moments.get(text, text) for name, text in self.query.items()}
        return ApiRequest(path=self.path, query=query, weight=self.weight)


@dataclass(frozen=True, kw_only=True)
class Combination:
    """A field of a live endpoint that is made of fields of several histories.

    Attributes
    ----------
    endpoint, field : str
        The live endpoint, and its field.
    rule : str
        A rule of derived factors.
    of : tuple of pairs of str
        Its inputs: live endpoint and field of a history.

    """

    endpoint: str
    field: str
    rule: str
    of: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class VenueHistories:
    """What a venue tells of its past.

    Attributes
    ----------
    venue : str
        The name of the venue.
    histories : mapping of str to History
        Its histories, each with a name.
    combinations : tuple of Combination
        What can be made of them.

    """

    venue: str
    histories: Mapping[str, History]
    combinations: tuple[Combination, ...] = field(default=())


def stamp_of(raw: Any, what: str) -> int:
    """Return a row's stamp, UNIX milliseconds.

    Raises
    ------
    BadBodyError
        If it is no time of this century.

    """
    value = number(raw)
    if not 0 < value < LATEST_MS:
        msg = f"{what}: expected UNIX milliseconds, found {raw!r:.40}"
        raise BadBodyError(msg)
    return int(value)


def text_of(raw: Any) -> str:
    """Return a JSON number, or a string that holds one, as text; empty for anything else."""
    return "" if math.isnan(number(raw)) else str(raw).strip()


def listed(found: Any, what: str) -> list[Any]:
    """Return an array, which may be empty.

    Raises
    ------
    BadBodyError
        If it is anything else.

    """
    if not isinstance(found, list):
        msg = f"{what}: expected an array, found {type(found).__name__} {found!r:.60}"
        raise BadBodyError(msg)
    return found


def array(row: Any, length: int, what: str) -> list[Any]:
    """Return a row that is an array of at least so many elements.

    Raises
    ------
    BadBodyError
        If it is anything else.

    """
    if not isinstance(row, list) or len(row) < length:
        msg = f"{what}: expected an array of {length}, found {row!r:.80}"
        raise BadBodyError(msg)
    return row


def bar_row(row: Any, what: str) -> HistoryRow:
    """Return a bar that an exchange sends as ``[stamp, open, high, low, close, volume, …]``.

    Raises
    ------
    BadBodyError
        If it is no such array.

    """
    cells = array(row, 6, what)
    values = {name: text_of(cells[i]) for i, name in enumerate(BAR_FIELDS, 1)}
    return HistoryRow(stamp_of(cells[0], what), values)


def close_row(row: Any, what: str, field_name: str) -> HistoryRow:
    """Return the close of ``[stamp, open, high, low, close, …]`` as a field."""
    cells = array(row, 5, what)
    return HistoryRow(stamp_of(cells[0], what), {field_name: text_of(cells[4])})
