"""Funding of a backtest against cases computed by hand: who pays whom, when, how much."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pytest

from adapters.catalog.reading.market.funding import funding_tables
from tests.support.catalogs.backtests.funding_catalogs import (
    LINEAR,
    Booked,
    Rate,
    booked,
    funded,
    make_funding_catalog,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CLOSES: Final[dict[float, str]] = {hour: str(100 + hour) for hour in range(49)}
"""The close of the hour that ends at hour h is 100 + h."""
SETTLED: Final = [
    Rate(8, "0.001", 480, 8),
    Rate(16, "-0.002", 480, 16),
    Rate(24, "0.003", 480, 24),
]


def run_of(
    tmp_path: Path, targets: Mapping[float, float], rates: Sequence[Rate], **options: object
) -> list[Booked]:
    """Return what is booked over the closes above."""
    made: dict[str, object] = {"closes": CLOSES, **options}
    catalog = make_funding_catalog(tmp_path / "c", targets=targets, rates=rates, **made)  # type: ignore[arg-type]
    with funded(catalog) as run:
        return run.booked


def test_a_long_pays_a_positive_rate_and_gets_a_negative_one(tmp_path: Path) -> None:
    """By hand, 2 held: 2 * 108 * 0.001, 2 * 116 * 0.002, 2 * 124 * 0.003, each at the close of the
    bar that ends at the settlement; the balance has it, and the position's profit too.
    """
    catalog = make_funding_catalog(
        tmp_path / "c", closes=CLOSES, targets={0.5: 0, 2.5: 2, 40.5: 0}, rates=SETTLED
    )
    with funded(catalog) as run:
        assert run.booked == booked((8, "-0.216"), (16, "0.464"), (24, "-0.744"))
        # Bought at 102, sold at 140.
        assert run.figures.trading.pnl["USDT"] == float(2 * 38 - Decimal("0.496"))
        (position,) = run.engine.cache.positions()
        assert position.realized_pnl.as_decimal() == 2 * 38 - Decimal("0.496")


def test_a_short_is_paid_what_a_long_pays(tmp_path: Path) -> None:
    """The same with the other sign."""
    found = run_of(tmp_path, {0.5: 0, 2.5: -2, 40.5: 0}, SETTLED)
    assert found == booked((8, "0.216"), (16, "-0.464"), (24, "0.744"))


def test_a_flip_inside_an_interval_pays_for_what_is_held_at_its_end(tmp_path: Path) -> None:
    """Long 2 until 12:30, then short 1, flat from 20:30 on: nothing at 24."""
    found = run_of(tmp_path, {0.5: 0, 2.5: 2, 12.5: -1, 20.5: 0}, SETTLED)
    assert found == booked((8, "-0.216"), (16, "-0.232"))


def test_no_order_of_its_instant_is_part_of_what_is_settled(tmp_path: Path) -> None:
    """Who enters exactly at a settlement does not pay it; who leaves exactly then does."""
    found = run_of(tmp_path, {0.5: 0, 8: 1, 16: 0, 24: 3, 40: 0}, SETTLED)
    assert found == booked((16, "0.232"))


def test_a_strategy_hears_of_a_rate_when_it_is_settled_and_cannot_change_what_is(
    tmp_path: Path,
) -> None:
    """It sells one at each settlement that it hears of: that one is not part of it. It hears each
    rate once, and no price by which is settled.
    """
    catalog = make_funding_catalog(
        tmp_path / "c", closes=CLOSES, targets={0.5: 0, 2.5: 2, 40.5: 0}, rates=SETTLED
    )
    with funded(catalog, config={"sells_at_funding": True}) as run:
        assert run.booked == booked((8, "-0.216"), (16, "0.232"))
        hours = [(ts - 1_767_225_600_000_000_000) / 3_600e9 for ts, _ in run.strategy.heard]
        assert hours == [8, 16, 24]
        assert run.strategy.marks == []


def test_intervals_that_become_shorter(tmp_path: Path) -> None:
    """8 h, then 4 h, then 1 h: one settlement at the end of each."""
    hours = {8: 480, 16: 480, 20: 240, 24: 240, 25: 60, 26: 60}
    rates = [Rate(hour, "0.001", interval, hour) for hour, interval in hours.items()]
    found = run_of(tmp_path, {0.5: 0, 2.5: 1, 40.5: 0}, rates)
    assert found == [Booked(h, -Decimal(100 + h) / 1000) for h in hours]


def test_settlements_in_a_gap_of_the_market_are_all_booked_at_its_last_price(
    tmp_path: Path,
) -> None:
    """No bar from 10 to 30: whoever holds a position pays there too."""
    closes = {h: c for h, c in CLOSES.items() if not 10 < h < 30}
    found = run_of(tmp_path, {0.5: 0, 2.5: 1, 40.5: 0}, SETTLED, closes=closes)
    assert found == booked((8, "-0.108"), (16, "0.22"), (24, "-0.33"))


def test_nothing_is_booked_after_the_last_price_nor_outside_the_window(tmp_path: Path) -> None:
    """Rates go on for days, the window too; the last bar ends at 20."""
    closes = {h: c for h, c in CLOSES.items() if h <= 20}
    rates = [Rate(h, "0.001", 240, h) for h in range(-8, 200, 4)]
    catalog = make_funding_catalog(
        tmp_path / "c", closes=closes, targets={0.5: 0, 2.5: 1, 15.95: 1, 99.9: 1}, rates=rates
    )
    with funded(catalog, end=100) as run:
        assert [b.hour for b in run.booked] == [4, 8, 12, 16, 20]
    with funded(catalog, end=16) as run:
        assert [b.hour for b in run.booked] == [4, 8, 12]


@pytest.mark.parametrize("rows", [1, 2, 200_000])
def test_streamed_rates_change_until_they_are_settled(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Binance streams them: a next funding time and no interval. The last rate before the
    settlement is paid, once, also if the message of its instant is about the next one, or one
    after it is still about the old one; in however small pieces they are read.
    """
    monkeypatch.setattr(funding_tables, "ROWS", rows)
    rates = [
        Rate(5, "0.0009", None, 8),
        Rate(7.9, "0.001", None, 8),
        Rate(8, "0.0005", None, 16),
        Rate(8.001, "0.5", None, 8),
        Rate(12, "0.0007", None, 16),
        Rate(15.99, "-0.002", None, 16),
        Rate(16.01, "0.004", None, 24),
    ]
    catalog = make_funding_catalog(
        tmp_path / "c", closes=CLOSES, targets={0.5: 0, 2.5: 1, 40.5: 0}, rates=rates
    )
    with funded(catalog) as run:
        assert run.booked == booked((8, "-0.108"), (16, "0.232"), (24, "-0.496"))
        assert [rate for _, rate in run.strategy.heard] == [Decimal(r.rate) for r in rates]


def test_forecasts_with_an_interval_alone_are_paid_at_its_next_multiple(tmp_path: Path) -> None:
    """As Hyperliquid's: many in an hour, none stamped at the hour."""
    rates = [Rate(h + m / 60, f"0.00{h}", 60) for h in (3, 4) for m in (7, 14, 21, 59)]
    found = run_of(tmp_path, {0.5: 0, 2.5: 1, 40.5: 0}, rates)
    assert found == booked((4, "-0.312"), (5, "-0.42"))


@pytest.mark.parametrize("interval", [480, None], ids=["interval", "neither"])
def test_a_history_is_settled_at_its_stamps_though_they_are_late(
    interval: int | None, tmp_path: Path
) -> None:
    """What Nautilus's clients return of a history: seconds late, and received much later."""
    rates = [
        Rate(hour + 2 / 3600, rate, interval, init_hour=hour + 2 / 3600)
        for hour, rate in ((8, "0.001"), (16, "-0.002"), (24, "0.003"))
    ]
    found = run_of(tmp_path, {0.5: 0, 2.5: 1, 40.5: 0}, rates)
    assert found == booked((8, "-0.108"), (16, "0.232"), (24, "-0.372"))


def test_rates_of_which_nothing_tells_the_settlement_are_named(tmp_path: Path) -> None:
    """A rate a minute without interval and next funding time: nothing is booked, loudly."""
    rates = [Rate(2 + m / 60, "0.001") for m in range(120)]
    catalog = make_funding_catalog(
        tmp_path / "c", closes=CLOSES, targets={0.5: 0, 2.5: 1, 40.5: 0}, rates=rates
    )
    with funded(catalog) as run:
        assert run.booked == []
        (line,) = run.data.funding.lines()
        assert line.startswith("none in the catalog in this window")
        assert "without interval and next funding time: not paid" in line


def test_what_is_there_twice_is_booked_once(tmp_path: Path) -> None:
    """A day that was recorded and imported: what was settled counts, not what was forecast."""
    rates = [*SETTLED, *SETTLED, Rate(7.5, "0.9", None, 8), Rate(15, "0.9", 480, 16)]
    found = run_of(tmp_path, {0.5: 0, 2.5: 1, 40.5: 0}, rates)
    assert found == booked((8, "-0.108"), (16, "0.232"), (24, "-0.372"))


def test_a_size_in_contracts_has_its_multiplier(tmp_path: Path) -> None:
    """3 contracts of 0.01 BTC: 3 * 0.01 * 108 * 0.001."""
    contracts = dataclasses.replace(LINEAR, multiplier="0.01", size_increment="1")
    found = run_of(tmp_path, {0.5: 0, 2.5: 3, 40.5: 0}, SETTLED[:1], instrument=contracts)
    assert found == booked((8, "-0.00324"))


def test_an_inverse_contract_pays_in_its_base_currency(tmp_path: Path) -> None:
    """10,800 contracts of 100 USD at a close of 108: 10,000 BTC of notional, 0.001 of it."""
    inverse = dataclasses.replace(
        LINEAR, multiplier="100", size_increment="1", quote="USD", inverse=True
    )
    catalog = make_funding_catalog(
        tmp_path / "c",
        closes=CLOSES,
        targets={0.5: 0, 2.5: 10_800, 40.5: 0},
        rates=SETTLED[:1],
        instrument=inverse,
    )
    with funded(catalog, balance="100000 BTC") as run:
        assert run.booked == booked((8, "-10"))
        (position,) = run.engine.cache.positions()
        assert position.realized_pnl.currency.code == "BTC"


def test_funding_at_times_that_are_no_multiple_of_its_interval(tmp_path: Path) -> None:
    """At 04:00, 12:00 and 20:00, every 8 h, as BitMEX settles."""
    rates = [Rate(h, "0.001", 480, h) for h in (4, 12, 20)]
    found = run_of(tmp_path, {0.5: 0, 2.5: 1, 40.5: 0}, rates)
    assert found == booked((4, "-0.104"), (12, "-0.112"), (20, "-0.12"))


@pytest.mark.parametrize("rows", [1, 50_000])
def test_it_does_not_matter_how_large_the_chunks_are(rows: int, tmp_path: Path) -> None:
    """Also where each instant is a chunk of its own."""
    catalog = make_funding_catalog(
        tmp_path / "c", closes=CLOSES, targets={0.5: 0, 2.5: 2, 40.5: 0}, rates=SETTLED
    )
    with funded(catalog, chunk_rows=rows) as run:
        assert run.booked == booked((8, "-0.216"), (16, "0.464"), (24, "-0.744"))
