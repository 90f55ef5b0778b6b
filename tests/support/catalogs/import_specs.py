"""Small specs of imports with their files, and what a catalog then holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.support.catalogs.import_files import T0
from tests.support.catalogs.imports import write_files

if TYPE_CHECKING:
    from pathlib import Path

SPEC: Final = """
[import]
name = "april"
[[files]]
path = "oi.csv"
stamp_column = "t"
unit = "s"
[files.columns]
oi = { instant = true, delay = "1s" }
[[files]]
path = "taker.jsonl"
stamp_column = "t"
unit = "ms"
[files.columns]
buy = { factor = "taker_buy", covers = "15m", scale = 0.5 }
"""
MARKET: Final = """
[[instruments]]
id = "ETH/USDT.KRAKEN"
kind = "spot"
base = "ETH"
quote = "USDT"
price_increment = "0.01"
size_increment = "0.001"
[[bars]]
path = "bars.csv"
stamp_column = "t"
unit = "s"
covers = "15m"
[[quotes]]
path = "quotes.csv"
stamp_column = "t"
unit = "s"
[[trades]]
path = "trades.csv"
stamp_column = "t"
unit = "s"
side = "side"
"""
FILES: Final = {
    "spec.toml": SPEC,
    "market.toml": MARKET,
    "both.toml": SPEC + MARKET,
    "oi.csv": f"t,oi\n{T0},10\n{T0 + 900},11\n{T0 + 1800},12\n",
    "taker.jsonl": f'{{"t": {T0}000, "buy": "4"}}\n{{"t": {T0 + 1800}000, "buy": 6}}\n',
    "bars.csv": f"t,open,high,low,close,volume\n{T0},1,3,1,2,9\n{T0 + 900},2,3,1,2,9.5\n",
    "quotes.csv": f"t,bid_price,ask_price,bid_size,ask_size\n{T0},1.01,1.02,3,4\n",
    "trades.csv": f"t,price,size,side\n{T0},1.01,0.005,buy\n{T0},1.02,2,sell\n",
}


def many_quotes(folder: Path, rows: int) -> Path:
    """Write a spec with many quotes, three of each stamp; return it."""
    lines = [f"{T0 * 1000 + i // 3},1.01,1.0{2 + i % 7},3,4" for i in range(rows)]
    text = MARKET.split("[[bars]]", 1)[0] + (
        '[[quotes]]\npath = "many.csv"\nstamp_column = "t"\nunit = "ms"\n'
    )
    head = FILES["quotes.csv"].split("\n", 1)[0]
    write_files(folder, {"many.csv": "\n".join([head, *lines]), "many.toml": text})
    return folder / "many.toml"


def files_in(catalog: Path) -> dict[Path, bytes]:
    """Return every data file of a catalog with its content."""
    return {p: p.read_bytes() for p in (catalog / "data").rglob("*.parquet")}
