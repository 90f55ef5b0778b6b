"""Funding in engines of one's own, of quotes, hedging and latency, by hand."""

from __future__ import annotations

import dataclasses
import shutil
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pytest
from nautilus_trader.model import (
    InstrumentId,
    NautilusDataType,
    OrderSide,
    Price,
    Quantity,
    QuoteTick,
)
from nautilus_trader.persistence import ParquetDataCatalog
from nautilus_trader.trading import Strategy

from adapters.catalog import FactorCatalog, funding_data
from adapters.catalog.reading.market.funding.engine_funding import booking
from adapters.command.instruments.make_instrument import make_instrument
from backtests.engine.backtest_venue import BacktestVenue
from backtests.engine.engine_setup import build_engine
from dolphin_strategies.errors import ConfigError
from tests.support.catalogs.backtests.funding_catalogs import (
    LINEAR,
    Rate,
    booked,
    bookings,
    funded,
    make_funding_catalog,
    ns,
)
from tests.support.strategies.target_position import TargetPosition, TargetPositionConfig

if TYPE_CHECKING:
    from pathlib import Path

CLOSES: Final[dict[float, str]] = {hour: str(100 + hour) for hour in range(49)}
"""The close of the hour that ends at hour h is 100 + h."""
SETTLED: Final = [
    Rate(8, "0.001", 480, 8),
    Rate(16, "-0.002", 480, 16),
    Rate(24, "0.003", 480, 24),
]


def test_an_engine_of_ones_own_books_the_same(tmp_path: Path) -> None:
    """From `funding_data` and the catalog's bars, one position held over everything."""
    catalog = make_funding_catalog(
        tmp_path / "c", closes=CLOSES, targets={0.5: 0, 2.5: 2, 40.5: 0}, rates=SETTLED
    )
    stored = ParquetDataCatalog(str(catalog))
    engine = build_engine(
        venue=BacktestVenue(), instruments=stored.instruments(), fill_on="bars", log_level=None
    )
    engine.add_data(FactorCatalog(catalog).engine_data())
    engine.add_data(stored.query(NautilusDataType.Bar))
    engine.add_data(funding_data(catalog, "BTCUSDT-PERP.SIM"))
    engine.add_strategy(TargetPosition(TargetPositionConfig()))
    engine.run()
    assert bookings(engine) == booked((8, "-0.216"), (16, "0.464"), (24, "-0.744"))
    engine.dispose()
    with pytest.raises(ConfigError, match="no funding rates of"):
        funding_data(catalog, "BTCUSDT-PERP.SYM")


def test_the_price_of_quotes_is_their_exact_middle(tmp_path: Path) -> None:
    """A spread of one hundredth: 108.005 at 8, the quote of that very instant."""
    catalog = make_funding_catalog(
        tmp_path / "c", closes=CLOSES, targets={0.5: 0, 2.5: 1, 40.5: 0}, rates=SETTLED[:1]
    )
    shutil.rmtree(catalog / "data" / "bars")
    instrument, size = InstrumentId.from_str("BTCUSDT-PERP.SIM"), Quantity(100, 3)
    ParquetDataCatalog(str(catalog)).write_quote_ticks(
        [
            QuoteTick(
                instrument, Price(100 + h, 2), Price(100.01 + h, 2), size, size, ns(h), ns(h)
            )
            for h in range(49)
        ]
    )
    with funded(catalog) as run:
        assert run.booked == booked((8, "-0.108005"))


def test_positions_in_both_directions_pay_each_for_itself(tmp_path: Path) -> None:
    """With hedging an order that goes the other way opens a position of its own."""
    catalog = make_funding_catalog(
        tmp_path / "c", closes=CLOSES, targets={0.5: 0, 2.5: 3, 4.5: 1, 40.5: 1}, rates=SETTLED
    )
    with funded(catalog, oms="hedging") as run:
        assert run.booked[:2] == booked((8, "-0.324"), (8, "0.216"))


def test_an_order_on_its_way_is_no_part_of_what_is_settled(tmp_path: Path) -> None:
    """Sent an hour before the settlement with a latency of two: it fills after it."""
    catalog = make_funding_catalog(
        tmp_path / "c", closes=CLOSES, targets={0.5: 0, 6.9: 1, 40.5: 1}, rates=SETTLED
    )
    with funded(catalog, latency_ms=2 * 3_600_000) as run:
        assert [b.hour for b in run.booked] == [16, 24]


class BuysBoth(Strategy):
    """Buy one of each instrument that has a quote."""

    def on_start(self) -> None:
        self.bought: set[InstrumentId] = set()
        for instrument in self.cache.instruments():
            self.subscribe_quotes(instrument.id)

    def on_quote(self, quote: QuoteTick) -> None:
        if quote.instrument_id not in self.bought:
            self.bought.add(quote.instrument_id)
            order = self.order_factory.market(quote.instrument_id, OrderSide.BUY, Quantity(1, 3))
            self.submit_order(order)


def test_two_perpetuals_of_a_venue_are_settled_each_at_its_own_times() -> None:
    """At one instant both, and one alone before and after."""
    pair = [LINEAR, dataclasses.replace(LINEAR, id="ETHUSDT-PERP.SIM", base="ETH")]
    made = [make_instrument(spec) for spec in pair]
    engine = build_engine(
        venue=BacktestVenue(), instruments=made, fill_on="quotes", log_level=None
    )
    size = Quantity(100, 3)
    for instrument, hours in zip(made, ((4, 8), (8, 9)), strict=True):
        quotes = [
            QuoteTick(instrument.id, Price(100, 2), Price(100, 2), size, size, ns(h), ns(h))
            for h in range(12)
        ]
        rates = [booking(instrument.id, ns(h), Decimal("0.001"), Decimal(100)) for h in hours]
        engine.add_data(quotes)
        engine.add_data([datum for one in rates for datum in one])
    engine.add_strategy(BuysBoth())
    engine.run()
    found = {str(p.instrument_id): p.adjustments() for p in engine.cache.positions()}
    engine.dispose()
    for instrument, hours in zip(made, ((4, 8), (8, 9)), strict=True):
        paid = [(a.ts_event + 1, a.pnl_change.as_decimal()) for a in found[str(instrument.id)]]
        assert paid == [(ns(h), Decimal("-0.1")) for h in hours]
