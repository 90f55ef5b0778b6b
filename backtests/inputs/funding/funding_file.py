"""The funding rates of a CSV file, for ``--funding FILE``."""

from __future__ import annotations

import csv
import itertools
import math
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from adapters.catalog.reading.market.funding.settlements import (
    FundingRows,
    settled_at,
    settlements,
)
from adapters.command.instants import FIRST_NS, LAST_NS, Instant, iso_instant
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from adapters.catalog.reading.market.funding.settlements import FundingSettlements

_HOUR_NS: Final = 3_600_000_000_000
_MS_NS: Final = 1_000_000


class _Columns(NamedTuple):
    time: str
    rate: str
    hours: str = ""
    is_ms: bool = False


_KNOWN: Final = (
    _Columns("time", "rate"),
    # Of Binance's archive: https://data.binance.vision, monthly/fundingRate.
    _Columns("calc_time", "last_funding_rate", "funding_interval_hours", is_ms=True),
)
_INSTRUMENT: Final = "instrument"


class _Row(NamedTuple):
    instrument: str
    at_ns: int
    rate: str
    interval_ns: int


def read_file(path: Path, instrument: str) -> dict[str, FundingSettlements]:
    """Read the settlements of a CSV file.

    It has the columns ``time`` (ISO 8601, UTC unless it states an offset, or UNIX nanoseconds) and
    ``rate`` (a fraction), of several perpetuals also ``instrument``; or it is one of Binance's
    archive. Rows without a rate are left out.

    Parameters
    ----------
    path : Path
        The file.
    instrument : str
        The instrument of a file that names none; empty: such a file is refused.

    Returns
    -------
    dict of str to FundingSettlements
        By instrument.

    Raises
    ------
    ConfigError
        If the file cannot be used, with its line.

    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [*_rows(path, csv.DictReader(file, skipinitialspace=True), instrument)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"the funding of {path} cannot be read: {error}"
        raise ConfigError(msg) from None
    found = {}
    for name in dict.fromkeys(row.instrument for row in rows):
        own = sorted((r for r in rows if r.instrument == name), key=lambda r: r.at_ns)
        _refuse_contradictions(path, own)
        stamps = np.array([r.at_ns for r in own], np.int64)
        columns = FundingRows(
            rates=np.array([r.rate for r in own], np.object_),
            intervals_ns=np.array([r.interval_ns for r in own], np.int64),
            next_ns=np.zeros(len(own), np.int64),
            ts_event=stamps,
            ts_init=stamps,
        )
        found[name] = settlements(columns, settled_at(columns, is_history=True))
    return found


def _refuse_contradictions(path: Path, rows: list[_Row]) -> None:
    """Refuse two rates of one settlement: nobody knows which one was paid."""
    for one, other in itertools.pairwise(rows):
        if one.at_ns == other.at_ns and Decimal(one.rate) != Decimal(other.rate):
            msg = (
                f"{path}: {one.instrument} has two rates at {iso_instant(one.at_ns)}: "
                f"{one.rate} and {other.rate}"
            )
            raise ConfigError(msg)


def _rows(path: Path, lines: csv.DictReader[str], instrument: str) -> Iterator[_Row]:
    head = [name for name in lines.fieldnames or () if name]
    columns = next((c for c in _KNOWN if {c.time, c.rate} <= set(head)), None)
    if columns is None:
        msg = (
            f"{path}: expected the columns time and rate, found {', '.join(head[:8]) or 'none'}; "
            "other files are imported into the catalog with [[funding]]"
        )
        raise ConfigError(msg)
    for line in lines:
        name, rate = line.get(_INSTRUMENT) or instrument, (line[columns.rate] or "").strip()
        if not name:
            msg = (
                f"{path}: the backtest has not exactly one perpetual: expected a column "
                f"{_INSTRUMENT!r} with the one of each row"
            )
            raise ConfigError(msg)
        if not rate:
            continue
        try:
            if not Decimal(rate).is_finite():
                raise InvalidOperation
            at_ns = (
                int(line[columns.time]) * _MS_NS
                if columns.is_ms
                else int(Instant.from_str(line[columns.time] or ""))
            )
            hours = float(line[columns.hours] or 0) if columns.hours else 0.0
            if not (math.isfinite(hours) and hours >= 0 and FIRST_NS <= at_ns < LAST_NS):
                raise InvalidOperation
        except (ArithmeticError, ValueError, TypeError) as error:
            # Decimal's own errors say nothing to a user.
            why = "" if isinstance(error, ArithmeticError) else f": {error}"
            msg = f"{path}, line {lines.line_num}: expected a time and a rate, found {line}{why}"
            raise ConfigError(msg) from None
        yield _Row(name, at_ns, rate, round(hours * _HOUR_NS))
