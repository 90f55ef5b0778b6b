"""Funding rates in an import: what each row becomes in Nautilus's own type."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from nautilus_trader.model import NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from tests.support.catalogs.imports import run_import, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.catalogs.imports import Done

HOUR_NS: Final = 3_600_000_000_000
DAY_S: Final = 1_767_225_600
"""2026-01-01 00:00 UTC, UNIX seconds."""
PERP: Final = """
[[instruments]]
id = "BTCUSDT-PERP.SIM"
kind = "perpetual"
base = "BTC"
quote = "USDT"
price_increment = "0.1"
size_increment = "0.001"
"""
FUNDING: Final = """
[[funding]]
path = "funding.csv"
stamp_column = "time"
timezone = "UTC"
rate = "rate"
"""


def imported(tmp_path: Path, rows: str, keys: str = "", spec: str = PERP + FUNDING) -> Done:
    """Import a file of funding rates."""
    data = write_files(tmp_path / "data", {"spec.toml": spec + keys, "funding.csv": rows})
    return run_import("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog", "--replace")


def rates_of(tmp_path: Path) -> list[Any]:
    """Return what Nautilus's catalog finds."""
    catalog = ParquetDataCatalog(str(tmp_path / "catalog"))
    return catalog.query(NautilusDataType.FundingRateUpdate)


def test_rates_in_percent_are_exact_and_name_their_settlement(tmp_path: Path) -> None:
    """By hand: 0.0100 % is 0.0001, digit for digit; an empty rate is counted, a hole too."""
    rows = (
        "time,rate\n2026-01-01 00:00:00,0.0100\n2026-01-01 08:00:00,-0.00375\n"
        "2026-01-01 16:00:00,\n2026-01-02 00:00:00,0.3\n"
    )
    done = imported(tmp_path, rows, 'scale = 0.01\ninterval = "8h"\n')
    assert done.returncode == 0, done.stderr
    found = rates_of(tmp_path)
    assert [r.rate for r in found] == [Decimal("0.0001"), Decimal("-0.0000375"), Decimal("0.003")]
    at = [DAY_S * 10**9 + h * HOUR_NS for h in (0, 8, 24)]
    assert [(r.ts_event, r.ts_init, r.next_funding_ns) for r in found] == [(t, t, t) for t in at]
    assert {r.interval for r in found} == {480}
    line = next(s for s in done.stdout.splitlines() if s.startswith("funding_rates/"))
    assert line.split()[1:3] == ["3", "1"]
    assert "1 without a rate" in line


def test_an_archive_whose_interval_changes_and_whose_stamps_are_milliseconds_late(
    tmp_path: Path,
) -> None:
    """The form of Binance's archive: settlements are whole minutes, each with its interval."""
    hours = [(0, 8), (8, 8), (12, 4), (16, 4), (17, 1), (18, 1)]
    rows = "calc_time,funding_interval_hours,last_funding_rate\n" + "".join(
        f"{(DAY_S + h * 3600) * 1000 + 7 * (h % 2) + 3},{interval},0.0001\n"
        for h, interval in hours
    )
    spec = PERP + (
        '[[funding]]\npath = "funding.csv"\nstamp_column = "calc_time"\nunit = "ms"\n'
        'rate = "last_funding_rate"\ninterval_column = "funding_interval_hours"\n'
        'interval_unit = "h"\n'
    )
    done = imported(tmp_path, rows, spec=spec)
    assert done.returncode == 0, done.stderr
    found = rates_of(tmp_path)
    assert [r.ts_event for r in found] == [(DAY_S * 10**9) + h * HOUR_NS for h, _ in hours]
    assert [r.interval for r in found] == [interval * 60 for _, interval in hours]
    assert "stamps up to 10ms off a whole minute were put on it" in done.stderr


def test_a_stamp_may_be_the_start_of_the_interval(tmp_path: Path) -> None:
    """Then the settlement is one interval later."""
    rows = "time,rate\n2026-01-01 00:00:00,0.0001\n2026-01-01 01:00:00,0.0002\n"
    done = imported(tmp_path, rows, 'interval = "1h"\nstamp = "start"\n')
    assert done.returncode == 0, done.stderr
    assert [r.ts_event for r in rates_of(tmp_path)] == [
        DAY_S * 10**9 + h * HOUR_NS for h in (1, 2)
    ]


def test_mark_prices_beside_the_rates_are_imported(tmp_path: Path) -> None:
    """As Nautilus's own type, with all their decimals; one that is none is counted."""
    rows = (
        "time,rate,mark\n2026-01-01 00:00:00,0.0001,50000.12345678\n2026-01-01 08:00:00,0.0001,0\n"
    )
    done = imported(tmp_path, rows, 'mark_price = "mark"\n')
    assert done.returncode == 0, done.stderr
    catalog = ParquetDataCatalog(str(tmp_path / "catalog"))
    (mark,) = catalog.query(NautilusDataType.MarkPriceUpdate)
    assert mark.value.as_decimal() == Decimal("50000.12345678")
    assert mark.ts_init == DAY_S * 10**9
    assert "1 not positive" in done.stdout
    assert len(rates_of(tmp_path)) == 2


EVERY_HOUR: Final = "time,rate\n" + "".join(f"2026-01-01 {h:02}:00:00,0.01\n" for h in range(24))


@pytest.mark.parametrize(
    ("rows", "keys", "sentence"),
    [
        (EVERY_HOUR, "", "write scale = 0.01 if the file has percent, or scale = 1"),
        (EVERY_HOUR, 'scale = 0.01\ninterval = "8h"\n', "expected 8h as the spec has it"),
        ("time,rate\n2026-01-01 00:00:00,0\n2026-01-01 00:01:00,0\n", "", "1m pass"),
        ("time,rate\n2026-01-01 00:00:00,x\n", "", "expected a number"),
        ("time,rate\n2026-01-01 00:00:00,\n", "", "no funding rate is left"),
        (EVERY_HOUR, 'interval_column = "rate"\n', "interval_column and interval_unit"),
        (EVERY_HOUR, 'interval = "1h"\ninterval_column = "x"\n', "exclude each other"),
        (EVERY_HOUR, 'scale = 0.01\ninterval_column = "rate"\ninterval_unit = "h"', "an interval"),
        (EVERY_HOUR, "scale = 0\n", "a number other than 0"),
        (EVERY_HOUR, 'stamp = "start"\n', "needs interval"),
        (EVERY_HOUR, 'instrument = "BTC"\n', "expected one of"),
    ],
)
def test_what_cannot_be_settlements_is_refused(
    rows: str, keys: str, sentence: str, tmp_path: Path
) -> None:
    """With one sentence that names the remedy, and nothing is written."""
    done = imported(tmp_path, rows, keys)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not list((tmp_path / "catalog").rglob("*.parquet"))


def test_rates_that_are_really_so_high_are_imported_with_their_scale(tmp_path: Path) -> None:
    """A stated scale is not doubted, 1 neither."""
    done = imported(tmp_path, EVERY_HOUR, "scale = 1\n")
    assert done.returncode == 0, done.stderr
    assert {r.rate for r in rates_of(tmp_path)} == {Decimal("0.01")}
    assert {r.interval for r in rates_of(tmp_path)} == {None}


def test_spot_has_no_funding(tmp_path: Path) -> None:
    """A spec that gives it some is refused."""
    spec = PERP.replace("perpetual", "spot") + FUNDING
    done = imported(tmp_path, EVERY_HOUR, spec=spec)
    assert done.returncode == 2
    assert "only a perpetual has funding" in done.stderr
