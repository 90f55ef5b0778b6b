"""Calendar factors at regular instants, as the records of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.catalog.reading.market.market_tables import market_tables
from dolphin_strategies.calendar_factors.calendar_table import CALENDAR_FACTORS, calendar_columns
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SHORTEST_STEP_NS: Final = 1_000_000_000
_ROWS: Final = 8_192


def market_span(catalog: Path, start_ns: int | None, end_ns: int | None) -> tuple[int, int]:
    """Return the window that a catalog's market data cover, as far as none is given.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    start_ns, end_ns : int, optional
        The window, its end not in it, UNIX nanoseconds.

    Raises
    ------
    ConfigError
        If there are no market data and the window is not given, or it is empty.

    """
    if start_ns is None or end_ns is None:
        tables = market_tables(catalog)
        if not tables:
            msg = f"{catalog}: expected market data, or --start and --end, found neither"
            raise ConfigError(msg)
        start_ns = min(t.first_ns for t in tables) if start_ns is None else start_ns
        end_ns = max(t.last_ns for t in tables) + 1 if end_ns is None else end_ns
    if start_ns >= end_ns:
        msg = "expected a --start before --end, found an empty window"
        raise ConfigError(msg)
    return start_ns, end_ns


def calendar_batches(
    start_ns: int, end_ns: int, step_ns: int, progress: Callable[[int, int], object]
) -> Iterator[FactorBatch]:
    """Yield a record for each multiple of a step, with every calendar factor at that instant.

    Parameters
    ----------
    start_ns, end_ns : int
        The window, its end not in it, UNIX nanoseconds.
    step_ns : int
        The distance of two records, nanoseconds; records are at multiples of it since 1970.
    progress : callable
        Receives the number of records so far, and the last one's instant.

    Raises
    ------
    ConfigError
        If the step is shorter than a second.

    """
    if step_ns < SHORTEST_STEP_NS:
        msg = f"--calendar: expected a step of at least 1s, found {step_ns / 1e9:g} s"
        raise ConfigError(msg)
    schema = FactorSchema(CALENDAR_FACTORS)
    first = -(-start_ns // step_ns)
    last = -(-end_ns // step_ns)
    for row in range(first, last, _ROWS):
        numbers = np.arange(row, min(row + _ROWS, last), dtype=np.int64)
        at = numbers * step_ns
        yield FactorBatch(
            schema=schema,
            sequence=(numbers - first + 1).astype(np.uint64),
            ts_event=at,
            ts_init=at,
            values=calendar_columns(at),
        )
        progress(int(numbers[-1]) - first + 1, int(at[-1]))
