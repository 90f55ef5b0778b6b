"""The prices of a catalog, read again after a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from backtests.inputs.market_data import MarketData
from backtests.run.results.accounting.prices.price_rows import price_rows
from dolphin_strategies.errors import ConfigError
from tests.support.catalogs.backtests.backtest_catalogs import START_NS, STEP_NS, make_catalog

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 700


def table_of(catalog: Path) -> Any:
    """Return the quotes of a catalog."""
    (table,) = MarketData(catalog).tables(("quotes",))
    return table


def read(table: Any, first: int, last: int) -> tuple[list[int], list[float]]:
    """Return the instants and mids from one step of the catalog to before another."""
    pieces = [*price_rows(table, START_NS + first * STEP_NS, START_NS + last * STEP_NS)]
    ts = [int(t) for piece in pieces for t in piece.ts]
    return ts, [float(x) for piece in pieces for x in piece.mark]


@pytest.mark.parametrize("files", [1, 4])
@pytest.mark.parametrize(("first", "last"), [(0, ROWS), (150, 420), (-9, 3), (690, 900), (5, 5)])
def test_a_window_is_half_open(files: int, first: int, last: int, tmp_path: Path) -> None:
    """Of one file and of several; before the first price and after the last one is nothing."""
    table = table_of(make_catalog(tmp_path / "c", ROWS, files=files))
    ts, mids = read(table, first, last)
    expected = range(max(first, 0), min(last, ROWS))
    assert ts == [START_NS + i * STEP_NS for i in expected]
    assert mids == read(table, 0, ROWS)[1][expected.start : expected.stop]


def test_files_that_overlap_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    """Two recordings of one span, each with every second row, and names of their own."""
    catalog = make_catalog(tmp_path / "c", ROWS)
    expected = read(table_of(catalog), 0, ROWS)
    (file,) = (catalog / "data" / "quotes").rglob("*.parquet")
    rows = pq.read_table(file)
    for half in (0, 1):
        part = rows.take(np.arange(half, ROWS, 2))
        pq.write_table(part, file.with_name(f"half-{half}.parquet"), row_group_size=90)
    file.unlink()
    assert read(table_of(catalog), 0, ROWS) == expected


def test_a_file_that_was_damaged_meanwhile_is_named(tmp_path: Path) -> None:
    """The run is over; its prices cannot be read again."""
    catalog = make_catalog(tmp_path / "c", ROWS)
    table = table_of(catalog)
    table.files[0].write_bytes(b"nothing")
    with pytest.raises(ConfigError, match=r"BTCUSDT-PERP\.BINANCE cannot be read again"):
        read(table, 0, ROWS)
