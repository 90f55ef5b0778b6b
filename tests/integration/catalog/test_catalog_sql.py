"""A catalog in SQL: NULL where a factor has no value, every record once, and nothing else read."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.__main__ import main
from dolphin_strategies import ConfigError, FactorBatch, FactorSchema
from tests.support.catalogs.backtests.backtest_catalogs import make_catalog
from tests.support.catalogs.factor_batches import FIRST_NS, NAMES, STEP_NS, numbered, record

if TYPE_CHECKING:
    from pathlib import Path

RECORDS: Final = 20_000


def with_holes() -> FactorBatch:
    """Return funding and basis, a third of the funding without a value."""
    random = np.random.default_rng(3)
    values = random.normal(size=(RECORDS, 2))
    values[::3, 0] = np.nan
    stamps = FIRST_NS + STEP_NS * np.arange(RECORDS, dtype=np.int64)
    sequence = np.arange(1, RECORDS + 1, dtype=np.uint64)
    return FactorBatch(
        schema=FactorSchema(["funding", "basis"]),
        sequence=sequence,
        ts_event=stamps,
        ts_init=stamps,
        values=values,
        stream_id=7,
    )


def test_a_factor_without_a_value_is_in_no_figure(tmp_path: Path) -> None:
    """DuckDB by the view, polars and pandas by the lines of docs/catalog.md, as numpy."""
    batch = with_holes()
    catalog = record(tmp_path, batch)
    funding = batch.values[:, 0]  # noqa: PD011 - a FactorBatch's
    known = funding[~np.isnan(funding)]
    expected = (len(known), known.mean(), known.max(), int((known > 1).sum()))

    query = "SELECT count(funding), avg(funding), max(funding), count_if(funding > 1) FROM factors"
    assert catalog.sql(query).fetchall()[0] == pytest.approx(expected, rel=1e-12)
    assert catalog.sql("SELECT count(*) FROM factors").fetchall() == [(RECORDS,)]

    files = str(tmp_path / "data/custom/ExternalFactors/one/*.parquet")
    column = pl.read_parquet(files).fill_nan(None)["funding"]
    found = (column.count(), column.mean(), column.max(), (column > 1).sum())
    assert found == pytest.approx(expected, rel=1e-12)

    series = pd.read_parquet(tmp_path / "data/custom/ExternalFactors/one")["funding"]
    found = (series.count(), series.mean(), series.max(), (series > 1).sum())
    assert found == pytest.approx(expected, rel=1e-12)

    # Without the view, NaN is DuckDB's largest number: the reason for it.
    plain = duckdb.execute(query.replace("factors", "read_parquet(?)"), [files]).fetchone()
    assert plain is not None
    assert np.isnan(plain[2])


def test_every_record_is_there_once_to_the_nanosecond(tmp_path: Path) -> None:
    """Two recordings of one stream, files of other factors, and the spool of a live recorder."""
    record(tmp_path, numbered(1, 60), name="one")
    record(tmp_path, numbered(31, 60), name="two")
    record(tmp_path, numbered(1, 5, names=("x",), stream_id=9), name="other")
    with RecordingWriter(tmp_path, source="test", name="live", flush_s=0.0) as writer:
        writer.write_factors(numbered(81, 20))
        writer.tick()
        catalog = FactorCatalog(tmp_path)
        query = (
            "SELECT sequence, epoch_ns(ts_init), alpha FROM factors WHERE stream_id = ? ORDER BY 1"
        )
        found = catalog.sql(query, [7]).fetchall()
        only = catalog.sql("SELECT count(*) FROM factors", recordings=["two"]).fetchall()
    whole = numbered(1, 100)
    expected = zip(whole.sequence, whole.ts_init, whole.values[:, 0], strict=True)  # noqa: PD011
    assert NAMES[0] == "alpha"
    assert found == [(int(n), int(ts), float(value)) for n, ts, value in expected]
    assert only == [(60,)]
    others = catalog.sql("SELECT recording, x, alpha FROM factors WHERE stream_id = 9").fetchall()
    assert len(others) == 5
    assert {(row[0], row[2]) for row in others} == {("other", None)}


def test_market_data_has_views_of_its_own(tmp_path: Path) -> None:
    """Quotes tell their instrument; prices are decimals."""
    catalog = FactorCatalog(make_catalog(tmp_path / "catalog", files=2))
    query = "SELECT instrument_id, count(*), min(bid_price)::VARCHAR FROM quotes GROUP BY 1"
    ((instrument, count, low),) = catalog.sql(query).fetchall()
    assert (instrument, count) == ("BTCUSDT-PERP.BINANCE", 600)
    assert len(low.split(".")[1]) == 16


def test_a_query_reads_the_catalog_and_nothing_else(tmp_path: Path) -> None:
    """No other file, no writing, no extension, no other settings."""
    catalog = record(tmp_path / "catalog", numbered(1, 10))
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    inside = tmp_path / "catalog" / "copy.csv"
    for query in (
        f"FROM read_csv('{secret}')",
        f"COPY factors TO '{tmp_path / 'copy.csv'}'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises(duckdb.Error):
            catalog.sql(query).fetchall()
    assert not (tmp_path / "copy.csv").exists()
    assert not inside.exists()


def test_the_command_prints_a_table_or_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--csv gives all rows, times to the nanosecond, nothing where there is no value."""
    record(tmp_path, with_holes())
    query = "SELECT sequence, ts_init, funding, basis FROM factors ORDER BY 1"
    assert main([str(tmp_path), "sql", query, "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    funding, basis = with_holes().values.T  # noqa: PD011
    assert len(rows) == RECORDS
    assert [row["funding"] == "" for row in rows] == np.isnan(funding).tolist()
    assert [float(row["basis"]) for row in rows] == basis.tolist()
    assert pd.Timestamp(rows[17]["ts_init"]).value == FIRST_NS + 17 * STEP_NS
    # Wherever the option stands: the help shows it first.
    for words in (["sql", "--csv", query], ["--csv", "sql", query]):
        assert main([str(tmp_path), *words]) == 0
        assert list(csv.DictReader(io.StringIO(capsys.readouterr().out))) == rows
    assert main([str(tmp_path), "sql", "SELECT count(*) AS records FROM factors"]) == 0
    assert f"{RECORDS}" in capsys.readouterr().out


def test_what_cannot_be_answered_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong query, an unknown recording, a damaged file: exit code 2 with the reason."""
    catalog = record(tmp_path, numbered(1, 100))
    with pytest.raises(ConfigError, match="no recording 'three'"):
        catalog.sql("FROM factors", recordings=["three"])
    assert main([str(tmp_path), "sql", "SELECT nothing FROM factors"]) == 2
    assert "nothing" in capsys.readouterr().err
    (path,) = tmp_path.rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:-40])
    assert main([str(tmp_path), "sql", "FROM factors"]) == 2
    assert path.name in capsys.readouterr().err
    unfit = (["sql"], ["list", "FROM factors"], ["verify", "--csv"], ["sql", "a", "--csv", "b"])
    for words in unfit:
        with pytest.raises(SystemExit):
            main([str(tmp_path), *words])
