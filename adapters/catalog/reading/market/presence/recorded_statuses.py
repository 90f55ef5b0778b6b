"""The statuses of all markets of a catalog, for a backtest engine of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from adapters.catalog.reading.market.market_tables import market_tables
from adapters.catalog.reading.market.presence.market_gaps import (
    default_max_age_ns,
    market_presence,
)
from adapters.catalog.reading.market.presence.market_statuses import market_statuses
from adapters.catalog.reading.market.presence.price_instants import price_tables
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_MICROSECOND: Final = timedelta(microseconds=1)


def recorded_statuses(
    path: Path,
    window: tuple[int | None, int | None, int],
    instruments: Collection[str] | None = None,
    max_price_age: timedelta | Mapping[str, timedelta] | None = None,
) -> list[Any]:
    """Return what tells an engine where the markets of a catalog are not there.

    An ``InstrumentStatus`` ``HALT`` when an instrument's price becomes too old and ``TRADING`` at
    the next one, and an ``InstrumentClose`` where its data end before the window does.

    Parameters
    ----------
    path : Path
        The catalog's folder.
    window : tuple of int, optional
        Its start and its exclusive end, or None for those of the data, and ``ts_init`` of its
        last factors, UNIX nanoseconds.
    instruments : collection of str, optional
        Instruments that the engine trades; by default all with market data in the catalog. An
        engine refuses statuses of an instrument that it lacks.
    max_price_age : timedelta or mapping of str to timedelta, optional
        How old prices may be, of all instruments or by instrument. By default three times the
        span of its bars, or 1,000 times the median distance of its quotes and trades, 5 s at
        least.

    Returns
    -------
    list of InstrumentStatus and InstrumentClose
        In the order of ``ts_init``.

    Raises
    ------
    ConfigError
        If the catalog has no market data of one of the instruments, or a file cannot be read.

    """
    found = market_tables(path)
    known = list(dict.fromkeys(t.instrument_id.value for t in found))
    for name in instruments or ():
        if name not in known:
            msg = f"{path} has no market data of {name!r}{did_you_mean(name, known)}"
            raise ConfigError(msg)
    start_ns, end_ns, last_ns = window
    if end_ns is None:
        end_ns = max([t.last_ns for t in found] + [last_ns]) + 1
    statuses: list[Any] = []
    for name in known if instruments is None else instruments:
        tables = [t for t in found if t.instrument_id.value == name]
        has_ticks = any(t.kind != "bars" for t in tables)
        prices = price_tables(tables, has_bars=not has_ticks)
        age = max_price_age.get(name) if isinstance(max_price_age, Mapping) else max_price_age
        limit_ns = default_max_age_ns(prices) if age is None else age // _MICROSECOND * 1_000
        presence = market_presence(name, prices, (start_ns or 0, end_ns), limit_ns)
        statuses += market_statuses(presence, prices)
    statuses.sort(key=attrgetter("ts_init"))
    return statuses
