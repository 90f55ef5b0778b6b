"""Pivots that are refused, with what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.catalogs.long_files import BOTH, METRICS, NAMES, imported

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("pivot", "columns", "message"),
    [
        ('factor = "oi", values = ["value"]', BOTH, "columns in braces"),
        ('factor = "{column}", values = ["value"]', BOTH, "columns in braces"),
        ('factor = "{metric", values = ["value"]', BOTH, "is no pattern"),
        ('factor = "{metric:>9}", values = ["value"]', BOTH, "column names in braces"),
        ('factor = "{metric.real}", values = ["value"]', BOTH, "column names in braces"),
        ('factor = "{}_{asset}", values = ["value"]', BOTH, "column names in braces"),
        ('factor = "{metric}", values = []', BOTH, "the columns of the values"),
        ('factor = "{metric}", values = ["value", "value"]', BOTH, "appears twice"),
        ('factor = "{asset}", values = ["value", "t"]', BOTH, "the pattern needs {column}"),
        ('factor = "{metric}"', BOTH, "values is missing"),
        (NAMES + ", rename = { aset = { BTC = 'b' } }", BOTH, "did you mean 'asset'"),
        (NAMES + ", rename = { asset = { BTC = 1 } }", BOTH, "expected str"),
        (NAMES + ", other = ' '", BOTH, "letters, digits"),
        (NAMES.replace("asset", "coin"), BOTH, "'coin' is missing"),
        (NAMES, '"oi_*" = { instant = true, factor = "x" }', "names one factor"),
        (NAMES, '"oi_*" = { delay = "1s" }', "looks into the future"),
        (NAMES, "'oi/x' = { instant = true }", "is not a factor name"),
        (
            NAMES,
            "oi_btc_bybit = {instant=true}\n"
            "oi_eth_binance = {instant=true, factor='oi_btc_bybit'}",
            "written twice",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, pivot: str, columns: str, message: str) -> None:
    """Each with what was expected."""
    done = imported(tmp_path, METRICS, columns, pivot)
    assert done.returncode == 2
    assert message in done.stderr
