"""Envelope: what a strategy's results may look like, as plain data with its origin and hash."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Final

SCHEMA: Final = "dolphin-envelope"
VERSION: Final = 1
FEWEST_VALUES: Final = 30
"""Of a stream: with fewer, ranks say nothing."""
_MOST_SHIFT: Final = 4.0


@dataclass(frozen=True, kw_only=True)
class Shift:
    """A shift of the mean score of a stream, and the part of the capital that bets on it."""

    score: float
    weight: float


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One kind of result, and how it is tested.

    Attributes
    ----------
    values : tuple of float
        The backtest's.
    dependence : float
        Long-run variance of their scores over their variance, at least 1.
    shifts : tuple of Shift
        The alternatives; weights add up to 1.
    budget : float
        The part of the error budget.
    starts : float
        Values that a year is expected to have.
    margin : float
        What is subtracted from each live value: a difference so small is no warning.

    """

    values: tuple[float, ...]
    dependence: float
    shifts: tuple[Shift, ...]
    budget: float
    starts: float
    margin: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What an envelope was made of.

    Attributes
    ----------
    strategy : str
        ``module:Class``.
    config : dict of str to str
        Every field of its configuration but Nautilus's own, as text, defaults too.
    instruments : tuple of str
        What it traded.
    currency : str
        The currency of amounts.

    """

    strategy: str
    config: dict[str, str]
    instruments: tuple[str, ...]
    currency: str


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What a watch needs of an envelope's file; :attr:`document` is all of it.

    Attributes
    ----------
    origin : Origin
        What it was made of.
    streams : dict of str to Stream
        By name: ``result``, ``hit_rate``, ``slippage``, ``trade_count``.
    drawdown_limit : float
        The depth that a year's drawdown exceeds with a probability of ``drawdown_budget``,
        as a fraction of one trade's notional value.
    drawdown_budget : float
        A part of the error budget.
    count_interval_ns : int
        The time over which trades are counted, nanoseconds.
    sha256 : str
        The hash of the document without it.
    document : dict
        The document.

    """

    origin: Origin
    streams: dict[str, Stream]
    drawdown_limit: float
    drawdown_budget: float
    count_interval_ns: int
    sha256: str
    document: dict[str, Any]

    @property
    def budget(self) -> float:
        """The probability of a false warning, whenever one looks: the sum of all parts."""
        return self.drawdown_budget + sum(s.budget for s in self.streams.values())


def hash_of(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a document without its own hash, in one form of JSON."""
    content = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document with its schema, version and hash."""
    found = {"schema": SCHEMA, "version": VERSION, **document}
    return {**found, "sha256": hash_of(found)}


def watch_part(
    streams: dict[str, Stream], drawdown_limit: float, drawdown_budget: float, interval_ns: int
) -> dict[str, Any]:
    """Return what a watch needs, as the document has it."""
    return {
        "streams": {name: asdict(stream) for name, stream in streams.items()},
        "drawdown_limit": drawdown_limit,
        "drawdown_budget": drawdown_budget,
        "count_interval_ns": interval_ns,
    }


def envelope_from(document: object) -> Envelope:
    """Read a document.

    Parameters
    ----------
    document : object
        What JSON gave.

    Raises
    ------
    ValueError
        If it is no envelope, of another version, was edited, or has a value that cannot be.

    """
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        msg = "expected an envelope made by envelope.py, found something else"
        raise ValueError(msg)
    if document.get("version") != VERSION:
        msg = f"expected an envelope of version {VERSION}, found {document.get('version')!r:.40}"
        raise ValueError(msg)
    try:
        found = hash_of(document)
    except ValueError as error:
        msg = f"expected finite numbers only, found one that is not ({error})"
        raise ValueError(msg) from None
    if document.get("sha256") != found:
        msg = (
            f"it was changed after it was made: its content hashes to {found[:12]}…, it "
            f"says {document.get('sha256')!r:.15}…"
        )
        raise ValueError(msg)
    try:
        return _read(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = f"not an envelope that can be watched: {type(error).__name__}: {error}"
        raise ValueError(msg) from None


def _read(document: dict[str, Any]) -> Envelope:
    origin, watch = document["origin"], document["watch"]
    streams = {str(name): _stream(name, table) for name, table in watch["streams"].items()}
    envelope = Envelope(
        origin=Origin(
            strategy=str(origin["strategy"]),
            config={str(k): str(v) for k, v in origin["config"].items()},
            instruments=tuple(map(str, origin["instruments"])),
            currency=str(origin["currency"]),
        ),
        streams=streams,
        drawdown_limit=_within(watch["drawdown_limit"], 0, math.inf, "drawdown_limit"),
        drawdown_budget=_within(watch["drawdown_budget"], 0, 1, "drawdown_budget"),
        count_interval_ns=int(_within(watch["count_interval_ns"], 1, 1e18, "count_interval_ns")),
        sha256=str(document["sha256"]),
        document=document,
    )
    _within(envelope.budget, 0, 1, "the sum of all budgets")
    return envelope


def _stream(name: str, table: dict[str, Any]) -> Stream:
    values = tuple(_within(v, -math.inf, math.inf, f"{name} values") for v in table["values"])
    if len(values) < FEWEST_VALUES:
        msg = f"{name}: expected at least {FEWEST_VALUES} values, found {len(values)}"
        raise ValueError(msg)
    shifts = tuple(
        Shift(
            score=_within(s["score"], -_MOST_SHIFT, _MOST_SHIFT, f"{name} shift"),
            weight=_within(s["weight"], 1e-9, 1, f"{name} weight"),
        )
        for s in table["shifts"]
    )
    if not math.isclose(sum(s.weight for s in shifts), 1.0, rel_tol=1e-6):
        msg = f"{name}: expected weights of shifts that add up to 1"
        raise ValueError(msg)
    return Stream(
        values=values,
        dependence=_within(table["dependence"], 1, 1e6, f"{name} dependence"),
        shifts=shifts,
        budget=_within(table["budget"], 1e-9, 1, f"{name} budget"),
        starts=_within(table["starts"], 0, 1e12, f"{name} starts"),
        margin=_within(table["margin"], 0, math.inf, f"{name} margin"),
    )


def _within(value: object, low: float, high: float, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"{what}: expected a number, found {value!r:.40}"
        raise TypeError(msg)
    if not math.isfinite(value) or not low <= value <= high:
        msg = f"{what}: expected a number from {low} to {high}, found {value}"
        raise ValueError(msg)
    return float(value)
