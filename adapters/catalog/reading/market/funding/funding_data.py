"""The funding of a perpetual as data of an engine of one's own."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import InstrumentId

from adapters.catalog.reading.market.funding.engine_funding import bookings, heard
from adapters.catalog.reading.market.funding.funding_tables import heard_rates, read_settlements
from adapters.catalog.reading.market.market_tables import market_tables
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

_END_NS: Final = (1 << 63) - 1


def funding_data(
    path: Path,
    instrument_id: str,
    start_ns: int | None = None,
    end_ns: int | None = None,
    *,
    fill_on_bars: bool | None = None,
) -> list[Any]:
    """Return the data by which a BacktestEngine books the funding of a perpetual.

    Each settlement is booked on the position that its instant finds; see docs/backtest.md.

    Parameters
    ----------
    path : Path
        The catalog's folder.
    instrument_id : str
        The perpetual.
    start_ns, end_ns : int, optional
        The window, half-open, UNIX nanoseconds; by default while the catalog has its market.
    fill_on_bars : bool, optional
        Whether the engine matches orders on bars, so that their closes are prices; by default
        where the catalog has neither quotes nor trades.

    Returns
    -------
    list of MarkPriceUpdate and FundingRateUpdate
        In the order of ``ts_init``.

    Raises
    ------
    ConfigError
        If the catalog has no funding rates of it, or a file cannot be read.

    """
    rates = {t.identifier: t for t in market_tables(path, ("funding_rates",))}
    if instrument_id not in rates:
        msg = (
            f"{path} has no funding rates of {instrument_id!r}, only of "
            f"{', '.join(rates) or 'nothing'}{did_you_mean(instrument_id, rates)}"
        )
        raise ConfigError(msg)
    table = rates[instrument_id]
    own = [t for t in market_tables(path) if t.instrument_id.value == instrument_id]
    ticks = [t for t in own if t.kind != "bars"]
    prices = own if fill_on_bars or (fill_on_bars is None and not ticks) else ticks
    marks = [t for t in market_tables(path, ("mark_prices",)) if t.identifier == instrument_id]
    first_ns = min((t.first_ns for t in prices), default=table.first_ns)
    last_ns = max((t.last_ns for t in prices), default=table.last_ns)
    window = (
        first_ns if start_ns is None else start_ns,
        min(last_ns + 1, _END_NS) if end_ns is None else end_ns,
    )
    found = read_settlements(table, *window)
    named = InstrumentId.from_str(instrument_id)
    data = bookings(named, found, prices, marks, window).items
    for rows in heard_rates(table, *window):
        data += heard(named, rows).items
    return sorted(data, key=attrgetter("ts_init"))
