"""The files of a recording, as Nautilus and other tools read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from nautilus_trader.model import (
    AggressorSide,
    InstrumentId,
    NautilusDataType,
    Price,
    Quantity,
    QuoteTick,
    TradeId,
    TradeTick,
)
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import RecordingWriter
from adapters.catalog.files import market_tables
from tests.support.catalogs.factor_batches import (
    FIRST_NS,
    NAMES,
    STEP_NS,
    assert_numbered,
    numbered,
    record,
    sequences,
)

if TYPE_CHECKING:
    from pathlib import Path

FACTORS: Final = NautilusDataType.Custom("ExternalFactors")
BTC: Final = InstrumentId.from_str("BTC/USDT.BINANCE")


def test_nautilus_reads_what_is_written(tmp_path: Path) -> None:
    """All recordings and schemas of factors, quotes and trades, with delivery columns too."""
    numbers = np.arange(1, 101)
    extra = market_tables.delivery_columns(numbers, FIRST_NS + numbers)
    prices = [Price.from_str(f"{60_000 + n}.{n:02d}") for n in range(100)]
    sizes = [Quantity.from_str(f"{n + 1}.00000001") for n in range(100)]
    quotes = [
        QuoteTick(BTC, prices[n], prices[99 - n], sizes[n], sizes[99 - n], n, n + 1)
        for n in range(100)
    ]
    trades = [
        TradeTick(BTC, prices[n], sizes[n], side, TradeId(f"t{n}"), n, n + 1)
        for n, side in enumerate([AggressorSide.BUY, AggressorSide.SELL] * 50)
    ]
    with RecordingWriter(tmp_path, source="test", name="one") as writer:
        writer.write_factors(numbered(1, 100), extra)
        quotes_table = market_tables.quotes_to_arrow(quotes, extra)
        writer.write_table(market_tables.quotes_folder(BTC), quotes_table.slice(0, 60))
        writer.write_table(market_tables.quotes_folder(BTC), quotes_table.slice(60))
        trades_table = market_tables.trades_to_arrow(trades, extra)
        writer.write_table(market_tables.trades_folder(BTC), trades_table)
    record(tmp_path, numbered(101, 50, names=("x", "y"), stream_id=9), name="two")
    nautilus = ParquetDataCatalog(str(tmp_path))
    found = [data.data for data in nautilus.query(FACTORS)]
    expected = numbered(1, 100).records()
    expected += numbered(101, 50, names=("x", "y"), stream_id=9).records()
    assert found == expected
    end_ns = FIRST_NS + 50 * STEP_NS
    assert len(nautilus.query(FACTORS, ["one"], FIRST_NS, end_ns)) == 50
    assert nautilus.query(NautilusDataType.QuoteTick, [str(BTC)]) == quotes
    assert nautilus.query(NautilusDataType.TradeTick) == trades
    assert market_tables.quotes_from_arrow(quotes_table.slice(7, 20)) == quotes[7:27]
    assert market_tables.trades_from_arrow(trades_table) == trades


def test_what_nautilus_writes_is_read(tmp_path: Path) -> None:
    """Factors that lie in no recording's folder, beside recordings."""
    data = record(tmp_path / "made", numbered(1, 50)).engine_data()
    (tmp_path / "catalog").mkdir()
    ParquetDataCatalog(str(tmp_path / "catalog")).write_custom_data(data)
    catalog = record(tmp_path / "catalog", numbered(51, 50))
    batches = list(catalog.batches())
    assert sequences(batches) == list(range(1, 101))
    assert_numbered(batches)
    assert [r.name for r in catalog.recordings()] == ["", "one"]
    assert catalog.verify() == []


def test_other_tools_read_it_without_our_code(tmp_path: Path) -> None:
    """pandas, polars and DuckDB see plain columns: floats, sequence, times in UTC."""
    whole = numbered(1, 1_000)
    record(tmp_path, numbered(1, 600), numbered(601, 400))
    folder = tmp_path / "data/custom/ExternalFactors/one"
    by_pandas = pd.read_parquet(folder).sort_values("sequence")
    np.testing.assert_array_equal(by_pandas[list(NAMES)].to_numpy(), whole.values)
    assert str(by_pandas["ts_init"].dtype) == "datetime64[ns, UTC]"
    by_polars = pl.read_parquet(folder / "*.parquet").sort("sequence")
    np.testing.assert_array_equal(by_polars.select(NAMES).to_numpy(), whole.values)
    assert by_polars.schema["ts_event"] == pl.Datetime("ns", "UTC")
    files = str(folder / "*.parquet")
    query = "select sequence, epoch_ns(ts_init), beta from read_parquet(?) order by 1"
    by_duckdb = duckdb.execute(query, [files]).fetchnumpy()
    np.testing.assert_array_equal(by_duckdb["sequence"], whole.sequence)
    np.testing.assert_array_equal(by_duckdb["beta"], whole.values[:, 1])  # noqa: PD011


def test_pages_are_compressed_and_have_checksums(tmp_path: Path) -> None:
    """zstd, no dictionary for floats, row groups of 8,192: as docs/catalog.md says."""
    record(tmp_path, numbered(1, 20_000))
    (path,) = tmp_path.rglob("*.parquet")
    metadata = pq.ParquetFile(path).metadata
    assert [metadata.row_group(i).num_rows for i in range(3)] == [8_192, 8_192, 3_616]
    column = metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"
    assert not column.has_dictionary_page
    schema = pq.read_schema(path)
    assert schema.metadata[b"type_name"] == b"ExternalFactors"
    assert schema.metadata[b"dolphin.stream_id"] == b"0000000000000007"
    assert schema.field("ts_init").type == pa.timestamp("ns", tz="UTC")
