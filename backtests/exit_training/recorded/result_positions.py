"""The positions of result folders, as run_backtest.py writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import csv

from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS: Final = {
    "instrument_id": pa.string(),
    "side": pa.string(),
    "entry_time": pa.timestamp("ns", tz="UTC"),
    "exit_time": pa.timestamp("ns", tz="UTC"),
    "entry_price": pa.float64(),
    "exit_price": pa.float64(),
    "notional": pa.float64(),
    "fees": pa.float64(),
}


@dataclass(frozen=True, slots=True)
class Position:
    """A position of a backtest.

    Attributes
    ----------
    instrument_id : str
        The instrument.
    side : int
        1 if long, -1 if short.
    entry_ns : int
        Its first fill, UNIX nanoseconds.
    exit_ns : int or None
        Its last fill; None if it was open at the end.
    entry_price, exit_price : float
        The averages; the second is meaningless of an open position.
    cost : float
        Fees, as a fraction of what was entered.

    """

    instrument_id: str
    side: int
    entry_ns: int
    exit_ns: int | None
    entry_price: float
    exit_price: float
    cost: float


def read_positions(folders: Sequence[Path]) -> list[Position]:
    """Return the positions of result folders, in the order of their entries.

    Raises
    ------
    ConfigError
        If a folder is none of run_backtest.py, or has no position.

    """
    found = [position for folder in folders for position in _positions(folder / "trades.csv")]
    if not found:
        msg = f"{', '.join(map(str, folders))}: expected positions in trades.csv, found none"
        raise ConfigError(msg)
    # The same backtest given twice would count everything twice.
    return sorted(set(found), key=lambda p: (p.entry_ns, p.instrument_id, p.side))


def catalog_of(folders: Sequence[Path]) -> Path:
    """Return the catalog that result folders name.

    Raises
    ------
    ConfigError
        If they name none, or several.

    """
    names = {_document(folder / "result.json").get("catalog") for folder in folders}
    name = names.pop()
    if names or not isinstance(name, str):
        msg = "the results are of several catalogs or name none; give --catalog DIR"
        raise ConfigError(msg)
    return Path(name)


def strategies_of(folders: Sequence[Path]) -> list[str]:
    """Return the strategies of result folders.

    Raises
    ------
    ConfigError
        If a folder is none of run_backtest.py.

    """
    documents = [_document(folder / "result.json") for folder in folders]
    return sorted({str(document.get("strategy")) for document in documents})


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        msg = f"{path}: expected the result of run_backtest.py --out, found {error}"
        raise ConfigError(msg) from None
    if not isinstance(found, dict):
        msg = f"{path}: expected an object, found {found!r:.80}"
        raise ConfigError(msg)
    return found


def _positions(path: Path) -> list[Position]:
    options = csv.ConvertOptions(
        include_columns=list(_COLUMNS), column_types=_COLUMNS, strings_can_be_null=True
    )
    if not path.is_file():
        msg = f"{path}: expected the trades of run_backtest.py --out, found no such file"
        raise ConfigError(msg)
    try:
        rows = csv.read_csv(path, convert_options=options)
    except (OSError, pa.ArrowException, KeyError) as error:
        msg = f"{path}: expected the trades of run_backtest.py --out, found {error}"
        raise ConfigError(msg) from None
    times = {n: rows.column(n).cast(pa.int64()).to_pylist() for n in ("entry_time", "exit_time")}
    values = {n: rows.column(n).to_pylist() for n in _COLUMNS if n not in times} | times
    found = []
    for i in range(rows.num_rows):
        row = {name: values[name][i] for name in _COLUMNS}
        price, notional = row["entry_price"], row["notional"]
        is_usable = row["entry_time"] is not None and price and price > 0 and notional
        if not is_usable or row["side"] not in {"LONG", "SHORT"}:
            msg = f"{path}: row {i + 1}: expected a position with entry and side, found {row}"
            raise ConfigError(msg)
        found.append(
            Position(
                instrument_id=row["instrument_id"],
                side=1 if row["side"] == "LONG" else -1,
                entry_ns=row["entry_time"],
                exit_ns=row["exit_time"],
                entry_price=price,
                exit_price=row["exit_price"] or price,
                cost=max(0.0, (row["fees"] or 0.0) / notional),
            )
        )
    return found
