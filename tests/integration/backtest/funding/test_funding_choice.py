"""Where the funding of a backtest is from, and what is said where there is none."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pytest
from nautilus_trader.model import InstrumentId, MarkPriceUpdate, Price
from nautilus_trader.persistence import ParquetDataCatalog

from dolphin_strategies.errors import ConfigError, UnknownFactorError
from tests.support.catalogs.backtests.funding_catalogs import (
    NAME,
    Booked,
    Rate,
    funded,
    make_funding_catalog,
    ns,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CLOSES: Final[dict[float, str]] = {hour: str(100 + hour) for hour in range(49)}
TARGETS: Final[dict[float, float]] = {0.5: 0, 2.5: 1, 40.5: 0}
SETTLED: Final = [Rate(h, "0.001", 480, h) for h in (0, 8, 16, 24, 32, 40, 48)]
PAID: Final = [Booked(h, -Decimal(100 + h) / 1000) for h in (8, 16, 24, 32, 40)]


def made(path: Path, rates: Sequence[Rate] = SETTLED, **factors: dict[float, float]) -> Path:
    """Make a catalog in which one is held from hour 2.5 to 40.5."""
    return make_funding_catalog(
        path / "c", closes=CLOSES, targets=TARGETS, rates=rates, factors=factors
    )


def test_the_catalog_is_asked_first_and_what_it_covers_is_said(tmp_path: Path) -> None:
    """Without a choice its rates are paid; nothing is missing."""
    with funded(made(tmp_path)) as run:
        assert run.booked == PAID
        assert run.data.funding.lines() == [f"{NAME}: 6 settlements of the catalog, every 8h"]
        (found,) = run.data.funding.as_dict().values()
        assert found == {"origin": "auto", "settlements": 6, "missing": []}


def test_an_interval_that_begins_after_the_window_is_not_named(tmp_path: Path) -> None:
    """Rates around the window are read too, but not paid."""
    rates = [*SETTLED[:6], Rate(44, "0.001", 240, 44)]
    with funded(made(tmp_path, rates), end=40.8) as run:
        assert run.data.funding.lines() == [f"{NAME}: 5 settlements of the catalog, every 8h"]


def test_a_perpetual_without_rates_is_named(tmp_path: Path) -> None:
    """Nothing is paid, and that is the line of the summary."""
    with funded(made(tmp_path, ())) as run:
        assert run.booked == []
        assert run.data.funding.lines() == [
            f"none in the catalog: positions of {NAME} pay and receive nothing"
        ]


def test_a_window_that_is_partly_covered_says_where_nothing_is_paid(tmp_path: Path) -> None:
    """The rates begin at 16, lack the one of 32, and end with it."""
    rates = [r for r in SETTLED if r.hour in {16, 24, 40}]
    with funded(made(tmp_path, rates)) as run:
        assert [b.hour for b in run.booked] == [16, 24, 40]
        (line,) = run.data.funding.lines()
        assert "NONE from 2026-01-01 00:30:00Z to 2026-01-01 16:00:00Z" in line
        assert "2026-01-02 00:00:00Z to 2026-01-02 16:00:00Z: nothing is paid there" in line


def test_rates_of_another_time_are_none(tmp_path: Path) -> None:
    """The catalog has some, of the month before."""
    with funded(made(tmp_path, [Rate(h, "0.001", 480, h) for h in range(-800, -700, 8)])) as run:
        assert run.booked == []
        assert run.data.funding.lines() == [
            f"none in the catalog in this window: positions of {NAME} pay and receive nothing"
        ]


def test_none_is_a_choice(tmp_path: Path) -> None:
    """The catalog's rates are not paid, nor heard of."""
    with funded(made(tmp_path), "none") as run:
        assert run.booked == []
        assert run.strategy.heard == []
        assert run.data.funding.lines()[0].startswith("none, as asked")


@pytest.mark.parametrize("catalog_rates", [SETTLED, ()], ids=["instead", "alone"])
def test_a_file_replaces_what_the_catalog_has(
    catalog_rates: Sequence[Rate], tmp_path: Path
) -> None:
    """CSV with time and rate, or Binance's archive; twice the catalog's rate."""
    plain, archive = tmp_path / "plain.csv", tmp_path / "archive.csv"
    times = [(h // 24 + 1, h % 24) for h in range(0, 56, 8)]
    plain.write_text(
        "time,rate\n" + "".join(f"2026-01-{d:02} {h:02}:00:00,0.002\n" for d, h in times)
    )
    archive.write_text(
        "calc_time,funding_interval_hours,last_funding_rate\n"
        + "".join(f"{ns(h) // 1_000_000 + 4},8,0.002\n" for h in range(0, 56, 8))
    )
    catalog = made(tmp_path, catalog_rates)
    for file in (plain, archive):
        with funded(catalog, str(file)) as run:
            assert run.booked == [Booked(hour, 2 * amount) for hour, amount in PAID]
            assert "6 settlements of the file" in run.data.funding.lines()[0]


def test_a_file_may_name_the_instrument_of_each_row(tmp_path: Path) -> None:
    """Rows of others are not paid."""
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "time,instrument,rate\n"
        + "".join(
            f"2026-01-{h // 24 + 1:02}T{h % 24:02}:00:00Z,{name},{rate}\n"
            for h in range(0, 56, 8)
            for name, rate in ((NAME, "0.001"), ("ETHUSDT-PERP.SIM", "0.9"))
        )
    )
    with funded(made(tmp_path, ()), str(rows)) as run:
        assert run.booked == PAID


def test_a_factor_is_paid_at_each_multiple_of_its_interval(tmp_path: Path) -> None:
    """The value known at the settlement; with `late` the one known that much later. Where it has
    no value nothing is paid, and that is said.
    """
    nan = float("nan")
    rate = {0.5: 0.001, 8.01: 0.002, 16.01: 0.003, 30: nan, 36: 0.004, 40.5: 0.004}
    catalog = made(tmp_path, (), rate=rate)
    with funded(catalog, "factor:rate,every=8h") as run:
        hours = {8: "0.001", 16: "0.002", 24: "0.003", 40: "0.004"}
        assert run.booked == [Booked(h, -Decimal(r) * (100 + h)) for h, r in hours.items()]
        (line,) = run.data.funding.lines()
        assert "5 settlements of the factor, every 8h" in line
        assert "NONE from 2026-01-02 00:00:00Z to 2026-01-02 16:00:00Z" in line
    with funded(catalog, "factor:rate,every=8h,late=1m") as run:
        hours = {8: "0.002", 16: "0.003", 24: "0.003", 40: "0.004"}
        assert run.booked == [Booked(h, -Decimal(r) * (100 + h)) for h, r in hours.items()]
    with funded(catalog, "factor:rate,every=4h,per=8h", end=8.02) as run:
        assert run.booked == [Booked(4, Decimal("-0.052")), Booked(8, Decimal("-0.054"))]


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ("missing.csv", "missing.csv cannot be read"),
        ("other.csv", "expected the columns time and rate"),
        ("number.csv", "number.csv, line 3: expected a time and a rate"),
        ("twice.csv", "has two rates at 2026-01-01T08:00:00.000000Z: 0.1 and 0.2"),
        ("factor:rat", "rat"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_runs(
    choice: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the file or the factor."""
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "number.csv").write_text("time,rate\n2026-01-01,0\n2026-01-02,0.0.1\n")
    twice = "2026-01-01T08:00Z,0.1\n2026-01-01T09:00+01:00,0.2\n"
    (tmp_path / "twice.csv").write_text(f"time,rate\n{twice}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ConfigError, UnknownFactorError), match=sentence):  # noqa: SIM117
        with funded(made(tmp_path), choice):
            pass


@pytest.mark.parametrize(
    "text",
    ["", "factor:", "factor:x,often", "factor:x,every=0", "factor:x,late=9h", "factor:x,per=0"],
)
def test_a_choice_that_is_none_is_refused(text: str) -> None:
    """As a setting's value."""
    from backtests.engine.funding_choice import FundingChoice

    with pytest.raises(ValueError, match="expected"):
        FundingChoice.from_str(text)


def test_a_fresh_mark_price_is_the_price_of_the_settlement(tmp_path: Path) -> None:
    """At 8 and 16 the exchange's own mark, half a minute old; at 24 it is an hour old."""
    catalog = made(tmp_path)
    instrument = InstrumentId.from_str(NAME)
    marks = {8 - 1 / 120: "200.125", 16: "300.5", 23: "400"}
    ParquetDataCatalog(str(catalog)).write_mark_price_updates(
        [
            MarkPriceUpdate(instrument, Price(float(value), 3), ns(hour), ns(hour))
            for hour, value in marks.items()
        ]
    )
    with funded(catalog) as run:
        assert [b.amount for b in run.booked[:3]] == [
            Decimal("-0.200125"), Decimal("-0.3005"), Decimal("-0.124")
        ]  # fmt: skip
