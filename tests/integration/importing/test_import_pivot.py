"""Long files imported as many factors: names, rules, what matches nothing, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog import FactorCatalog
from tests.support.catalogs.import_files import T0
from tests.support.catalogs.imports import ROOT, run_import, write_files
from tests.support.catalogs.long_files import BOTH, METRICS, NAMES, SPEC, imported

if TYPE_CHECKING:
    from pathlib import Path

S: Final = 1_000_000_000
NAN: Final = float("nan")


def records(folder: Path) -> tuple[tuple[str, ...], list[float], Any]:
    """Return names, seconds after T0 and values of every record."""
    catalog = FactorCatalog(folder / "catalog")
    names = catalog.schema().names
    ts_init, values = catalog.arrays(list(names))
    return names, ((ts_init - T0 * S) / S).tolist(), values


def test_metric_names_and_labels_become_factors_each_with_its_rule(tmp_path: Path) -> None:
    """By hand; rows that no line is like and rows without a label are counted."""
    done = imported(tmp_path, METRICS, BOTH)
    assert done.returncode == 0, done.stderr
    names, seconds, values = records(tmp_path)
    assert names == ("oi_btc_binance", "oi_btc_bybit", "oi_eth_binance", "volume_btc_binance")
    assert seconds == [30, 300, 330, 600, 630, 900]
    np.testing.assert_array_equal(
        values,
        [
            [100, 50, 10, NAN],
            [100, 50, 10, 14],
            [101, NAN, NAN, 14],
            [101, NAN, NAN, 16],
            [NAN, NAN, NAN, 16],
            [NAN, NAN, NAN, NAN],
        ],
    )
    assert "1 rows with an empty metric or asset or venue left out" in done.stderr
    assert "1 values of 1 names left out" in done.stderr
    assert "funding_sol_binance" in done.stderr
    assert "read long.csv: 9 rows" in done.stderr


WIDE: Final = f"""t,exchange,symbol,oi,funding
{T0},Binance,BTC/USDT:USDT,100,0.01
{T0},Binance,XBT-PERP,7,0.07
{T0 + 60},Binance,BTC/USDT:USDT,101,0.02
"""


def test_the_spec_of_the_documentation_imports(tmp_path: Path) -> None:
    """Its names, with what rename and lower make of the labels."""
    text = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    section = text.split("## Long files", 1)[1].split("\n## ", 1)[0]
    rows = f"""time,venue,asset,metric,value
{T0},BINANCE,XBT,oi,0
{T0},OKX,ETH,oi,3
{T0},BINANCE,BTC,volume,4
"""
    spec = section.split("```toml", 1)[1].split("```", 1)[0]
    data = write_files(tmp_path / "data", {"spec.toml": spec, "derivatives_long.csv": rows})
    done = run_import("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    names, seconds, values = records(tmp_path)
    assert names == ("oi_btc_bnc", "oi_eth_okx", "volume_btc_bnc")
    assert seconds == [30, 330, 630]
    np.testing.assert_array_equal(values, [[NAN, 3, NAN], [NAN, NAN, 4], [NAN, NAN, NAN]])
    assert "oi_btc_bnc: 1 of 1 values outside 1 to 1e+12 became NaN" in done.stderr


def test_several_columns_of_values_and_names_that_need_other_characters(tmp_path: Path) -> None:
    """``{column}`` is the name of the value's column; rename is for labels and columns."""
    pivot = (
        'factor = "{column}_{symbol}.{exchange}", values = ["oi", "funding"], lower = true, '
        'other = "", rename = { symbol = { "BTC/USDT:USDT" = "BTC" }, '
        'column = { oi = "open_interest" }, exchange = { Binance = "BNC" } }'
    )
    columns = '"*_btc.bnc" = { instant = true }'
    done = imported(tmp_path, WIDE, columns, pivot)
    assert done.returncode == 0, done.stderr
    names, seconds, values = records(tmp_path)
    assert names == ("funding_btc.bnc", "open_interest_btc.bnc")
    assert seconds == [0, 60]
    np.testing.assert_array_equal(values, [[0.01, 100], [0.02, 101]])
    assert "2 values of 2 names left out" in done.stderr


def test_other_characters_are_replaced_only_if_the_spec_says_with_what(tmp_path: Path) -> None:
    """Else the name is refused, with the remedy."""
    pivot = 'factor = "{column}_{symbol}", values = ["oi"]'
    done = imported(tmp_path, WIDE, '"*" = { instant = true }', pivot)
    assert done.returncode == 2
    assert "'oi_BTC/USDT:USDT', which is no factor's name" in done.stderr
    done = imported(tmp_path, WIDE, '"*" = { instant = true }', pivot + ', other = "_"')
    assert done.returncode == 0, done.stderr
    assert records(tmp_path)[0] == ("oi_BTC_USDT_USDT", "oi_XBT-PERP")


def test_a_symbol_that_changed_its_name_is_one_factor(tmp_path: Path) -> None:
    """What rename makes equal is one series, in the order of time."""
    text = f"t,asset,oi\n{T0 + 60},POL,2\n{T0},MATIC,1\n{T0 + 120},POL,3\n"
    pivot = 'factor = "oi_{asset}", values = ["oi"], rename = { asset = { MATIC = "POL" } }'
    done = imported(tmp_path, text, "oi_POL = { instant = true }", pivot)
    assert done.returncode == 0, done.stderr
    names, seconds, values = records(tmp_path)
    assert (names, seconds, values[:, 0].tolist()) == (("oi_POL",), [0, 60, 120], [1, 2, 3])


def test_names_that_only_the_pattern_makes_equal_are_refused(tmp_path: Path) -> None:
    """They are different series; both are named."""
    text = f"t,asset,oi\n{T0},btc,1\n{T0 + 60},BTC,2\n"
    pivot = 'factor = "oi_{asset}", values = ["oi"], lower = true'
    done = imported(tmp_path, text, '"*" = { instant = true }', pivot)
    assert done.returncode == 2
    assert "the name 'oi_btc' of btc (oi) and of BTC (oi)" in done.stderr


def test_duplicates_are_those_of_one_factor(tmp_path: Path) -> None:
    """Many rows have one stamp, which is no fault; two of one factor are refused, or chosen."""
    twice = METRICS + f"{T0},BINANCE,ETH,oi,11\n"
    done = imported(tmp_path, twice, BOTH)
    assert done.returncode == 2
    assert "oi_eth_binance: 1 duplicated stamps" in done.stderr
    assert "(row 3 and row 10)" in done.stderr
    done = imported(tmp_path, twice, BOTH, keys='duplicates = "last"')
    assert done.returncode == 0, done.stderr
    assert records(tmp_path)[2][0].tolist()[:3] == [100, 50, 11]
    assert "oi_eth_binance: 1 duplicated stamps: took the last of each" in done.stderr


def test_text_where_a_number_should_be_is_refused_only_where_it_is_used(tmp_path: Path) -> None:
    """A long file has metrics of every kind; the row is named."""
    text = METRICS + f"{T0},BINANCE,BTC,status,halted\n"
    done = imported(tmp_path, text, BOTH)
    assert done.returncode == 0, done.stderr
    done = imported(tmp_path / "used", text, BOTH + '"status_*" = { instant = true }')
    assert done.returncode == 2
    assert "column 'value', row 10: expected a number, found 'halted'" in done.stderr


def test_the_first_line_that_a_name_is_like_has_its_rule(tmp_path: Path) -> None:
    """The particular before the general; a line that has nothing left is refused."""
    columns = """
oi_btc_bybit = { instant = true, factor = "bybit" }
"oi_btc_*" = { instant = true, delay = "1m", range = [0, 100] }
"""
    done = imported(tmp_path, METRICS, columns)
    assert done.returncode == 0, done.stderr
    names, seconds, _ = records(tmp_path)
    assert (names, seconds) == (("bybit", "oi_btc_binance"), [0, 60, 300, 360])
    assert "oi_btc_binance: 1 of 2 values outside 0 to 100 became NaN" in done.stderr
    backwards = "\n".join(reversed(columns.strip().splitlines()))
    done = imported(tmp_path, METRICS, backwards)
    assert done.returncode == 2
    assert "'oi_btc_bybit': no name is like it; an earlier line has oi_btc_bybit" in done.stderr


def test_a_line_that_no_name_is_like_is_refused(tmp_path: Path) -> None:
    """With the names that there are, and the nearest."""
    done = imported(tmp_path, METRICS, "oi_btc_binanse = { instant = true }")
    assert done.returncode == 2
    assert "no name is like it; the names are oi_btc_binance" in done.stderr
    assert "did you mean 'oi_btc_binance'" in done.stderr


def test_more_factors_than_a_record_has_are_refused(tmp_path: Path) -> None:
    """Before anything else is read of them; labels that are none are refused too."""
    lines = [f"{T0},A{i},1" for i in range(513)]
    text = "\n".join(["t,asset,oi", *lines]) + "\n"
    pivot = 'factor = "oi_{asset}", values = ["oi"]'
    done = imported(tmp_path, text, '"*" = { instant = true }', pivot)
    assert done.returncode == 2
    assert "pivot makes 513 factors, expected at most 512" in done.stderr
    done = imported(tmp_path, text, '"oi_A?" = { instant = true }', pivot)
    assert done.returncode == 0, done.stderr
    assert len(records(tmp_path)[0]) == 10
    many = "\n".join(["t,asset,oi", *(f"{T0},A{i},1" for i in range(70_000))])
    done = imported(tmp_path, many, '"*" = { instant = true }', pivot)
    assert done.returncode == 2
    assert "70,000 different asset, expected at most 65,536" in done.stderr


def test_revised_series_of_a_long_file(tmp_path: Path) -> None:
    """Each name has its own publications, late ones and all."""
    text = """t,series,published,value
2026-01-01,GDP,2026-04-29 08:30,2.0
2026-01-01,CPI,2026-02-11 08:30,100
2026-01-01,GDP,2026-05-28 08:30,1.8
2026-02-01,CPI,2026-03-11 08:30,101
2026-01-01,CPI,2026-03-12 08:30,99
"""
    keys = 'timezone = "UTC"\nknown_at_column = "published"'
    spec = SPEC.format(
        pivot='factor = "{series}", values = ["value"], lower = true',
        keys=keys,
        columns='"*" = { range = [0, 1000], valid_for = "forever" }',
    ).replace('unit = "s"\n', "")
    data = write_files(tmp_path / "data", {"spec.toml": spec, "long.csv": text})
    done = run_import("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    names, seconds, values = records(tmp_path)
    assert names == ("cpi", "gdp")
    days = [round(s / 86400 + T0 / 86400 - 20_454.354, 1) for s in seconds]
    assert days == [41, 69, 118, 147]
    np.testing.assert_array_equal(values, [[100, NAN], [101, NAN], [101, 2.0], [101, 1.8]])
    lines = [line.split()[:5] for line in done.stdout.splitlines()[1:3]]
    assert lines == [["cpi", "3", "0", "0", "1"], ["gdp", "2", "0", "1", "0"]]


def test_labels_of_a_parquet_file_may_be_numbers_and_dictionaries(tmp_path: Path) -> None:
    """As data frames are written."""
    folder = tmp_path / "data"
    table = {
        "t": pa.array([T0, T0, T0 + 60, T0 + 60]),
        "depth": pa.array([5, 10, 5, 10]),
        "asset": pa.array(["BTC", "BTC", "BTC", None]).dictionary_encode(),
        "value": pa.array([1.0, 2.0, 3.0, 4.0]),
    }
    spec = SPEC.format(
        pivot='factor = "{asset}_depth{depth}", values = ["value"]',
        keys="",
        columns='"*" = { instant = true }',
    ).replace("long.csv", "long.parquet")
    write_files(folder, {"spec.toml": spec})
    pq.write_table(pa.table(table), folder / "long.parquet")
    done = run_import("--spec", folder / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    names, seconds, values = records(tmp_path)
    assert (names, seconds) == (("BTC_depth10", "BTC_depth5"), [0, 60])
    assert values.tolist() == [[2, 1], [2, 3]]


def test_one_factor_from_two_long_files_each_with_its_rule(tmp_path: Path) -> None:
    """A convention that changed, in long form; values outside the range are counted by factor."""
    old = SPEC.format(
        pivot=NAMES,
        keys="end = 2026-04-28T21:10:00Z",
        columns='"oi_btc_*" = { instant = true, range = [1, 1000] }',
    )
    new = SPEC.format(
        pivot=NAMES,
        keys="start = 2026-04-28T21:10:00Z",
        columns='"oi_btc_*" = { covers = "5m", range = [1, 1000] }',
    )
    lines = [f"{T0 + 300 * i},BINANCE,BTC,oi,{v}" for i, v in enumerate([1, 0, 3, 4])]
    text = "\n".join(["t,venue,asset,metric,value", *lines])
    data = write_files(tmp_path / "data", {"spec.toml": new + old, "long.csv": text})
    done = run_import("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    _, seconds, values = records(tmp_path)
    assert seconds == [0, 300, 900, 1200, 1500]
    np.testing.assert_array_equal(values[:, 0], [1, NAN, 3, 4, NAN])
    assert "oi_btc_binance: 1 of 2 values outside 1 to 1000 became NaN" in done.stderr
    assert "stamp, then stamp + 5m" in done.stdout
