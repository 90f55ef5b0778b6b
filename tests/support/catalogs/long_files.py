"""A long file of metrics, and importing it with a pivot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.support.catalogs.import_files import T0
from tests.support.catalogs.imports import Done, run_import, write_files

if TYPE_CHECKING:
    from pathlib import Path

SPEC: Final = """
[[files]]
path = "long.csv"
stamp_column = "t"
unit = "s"
pivot = {{ {pivot} }}
{keys}
[files.columns]
{columns}
"""
METRICS: Final = f"""t,venue,asset,metric,value
{T0},BINANCE,BTC,oi,100
{T0},BYBIT,BTC,oi,50
{T0},BINANCE,ETH,oi,10
{T0},BINANCE,BTC,volume,7
{T0 + 300},BINANCE,BTC,volume,8
{T0 + 300},BINANCE,BTC,oi,101
{T0 + 300},BYBIT,BTC,oi,
{T0 + 300},BINANCE,SOL,funding,0.1
{T0 + 300},,BTC,oi,5
"""
NAMES: Final = 'factor = "{metric}_{asset}_{venue}", values = ["value"], lower = true'
BOTH: Final = """
"oi_*" = { instant = true, delay = "30s", every = "5m" }
volume_btc_binance = { covers = "5m", scale = 2.0 }
"""


def imported(folder: Path, text: str, columns: str, pivot: str = NAMES, keys: str = "") -> Done:
    """Import one long file as a user does."""
    spec = SPEC.format(columns=columns, keys=keys, pivot=pivot)
    data = write_files(folder / "data", {"spec.toml": spec, "long.csv": text})
    return run_import("--spec", data / "spec.toml", "--catalog", folder / "catalog")
