"""Scrambling: a copy of a catalog in which everything after an instant is something else."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from adapters.catalog import FactorCatalog
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

type How = Literal["mirrored", "shuffled"]

HOWS: Final[tuple[How, ...]] = ("mirrored", "shuffled")
_STAMPS: Final = ("ts_event", "ts_init", "sequence", "delivery_number", "delivered_ns")
"""Columns that stay as they are: when something came is no secret, what it said is."""
_DIGITS: Final = 16
"""Decimals of Nautilus's fixed-point columns."""


@dataclass(frozen=True)
class Scrambled:
    """What was done to a copy: rows before the instant, and rows after it that were changed."""

    kept: int
    changed: int


def copy_catalog(catalog: Path, copy: Path) -> None:
    """Make a copy that shares no file that is written to later; data files are hard links.

    Raises
    ------
    ConfigError
        If it cannot be made.

    """
    data = catalog / "data"
    try:
        for folder, _, names in os.walk(catalog, followlinks=True):
            target = copy / os.path.relpath(folder, catalog)
            target.mkdir(parents=True, exist_ok=True)
            for name in names:
                source = catalog / folder / name
                if data in source.parents:
                    _link(source, target / name)
                elif source.is_file():
                    shutil.copy2(source, target / name)
    except OSError as error:
        msg = f"cannot copy {catalog} to {copy}: {error}"
        raise ConfigError(msg) from None
    # What lies in spools becomes files, so that it is scrambled too.
    FactorCatalog(copy).recover()


def scramble(copy: Path, after_ns: int, how: How, seed: int) -> Scrambled:
    """Change everything with ``ts_init`` after an instant, in place; the data stays valid.

    ``mirrored`` turns every later movement round: what rose falls, buyers are sellers.
    ``shuffled`` deals the later rows out anew, a row group at a time. Stamps stay.

    Parameters
    ----------
    copy : Path
        A folder made by :func:`copy_catalog`.
    after_ns : int
        UNIX nanoseconds.
    how : "mirrored" or "shuffled"
        In which way.
    seed : int
        Of the shuffling.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    random = np.random.default_rng(seed)
    kept = changed = 0
    folders = sorted({path.parent for path in (copy / "data").rglob("*.parquet")})
    for folder in folders:
        mirror = _Mirror(_kind_of(folder, copy))
        for path in sorted(folder.glob("*.parquet")):
            try:
                before, after = _scramble_file(path, after_ns, mirror, how, random)
            except (OSError, pa.ArrowException, ValueError) as error:
                msg = f"{path.relative_to(copy)} of the catalog cannot be scrambled: {error}"
                raise ConfigError(msg) from error
            kept, changed = kept + before, changed + after
    return Scrambled(kept, changed)


def _scramble_file(
    path: Path, after_ns: int, mirror: _Mirror, how: How, random: np.random.Generator
) -> tuple[int, int]:
    """Rewrite a file if it has later rows; return how many stayed and how many were changed."""
    kept = changed = 0
    file = pq.ParquetFile(path)
    if "ts_init" not in file.schema_arrow.names:
        return 0, 0
    new = path.with_name(f".{path.name}.new")
    with pq.ParquetWriter(new, file.schema_arrow, compression="zstd") as writer:
        for i in range(file.num_row_groups):
            table = file.read_row_group(i)
            order = np.argsort(_ints(table, "ts_init"), kind="stable")
            is_later = _ints(table, "ts_init")[order] > after_ns
            early, late = table.take(order[~is_later]), table.take(order[is_later])
            mirror.see(early)
            kept, changed = kept + early.num_rows, changed + late.num_rows
            if late.num_rows:
                mirror.see_first(late)
                late = mirror.turn(late) if how == "mirrored" else _shuffled(late, random)
                table = pa.concat_tables([early, late.cast(table.schema)])
            writer.write_table(table, row_group_size=max(table.num_rows, 1))
    file.close()
    if changed:
        new.replace(path)
    else:
        new.unlink()
    return kept, changed


def _shuffled(table: pa.Table, random: np.random.Generator) -> pa.Table:
    """Deal the rows out anew under the same stamps."""
    dealt = table.take(random.permutation(table.num_rows))
    for name in _STAMPS:
        if name in table.column_names:
            at = table.column_names.index(name)
            dealt = dealt.set_column(at, table.schema.field(name), table.column(name))
    return dealt


class _Mirror:
    """Turns the rows of one table round at its last values before the instant."""

    def __init__(self, kind: str) -> None:
        self._turn: Callable[[pa.Table], pa.Table] = getattr(self, f"_turn_{kind}")
        self._kind = kind
        self._pivot: dict[str, float] = {}

    def see(self, early: pa.Table) -> None:
        """Take rows that stay: the last value of each column is what is turned round at."""
        for name, values in self._columns(early):
            known = values[~np.isnan(values)]
            if len(known):
                self._pivot[name] = float(known[-1])

    def see_first(self, late: pa.Table) -> None:
        """Take later rows, for columns that had no value before."""
        for name, values in self._columns(late):
            known = values[~np.isnan(values)]
            if len(known):
                self._pivot.setdefault(name, float(known[0]))

    def turn(self, late: pa.Table) -> pa.Table:
        """Return the rows turned round."""
        return self._turn(late)

    def _columns(self, table: pa.Table) -> list[tuple[str, NDArray[np.float64]]]:
        return [
            (field.name, _floats(table.column(field.name)))
            for field in table.schema
            if pa.types.is_floating(field.type) or pa.types.is_decimal(field.type)
        ]

    def _turn_factors(self, table: pa.Table) -> pa.Table:
        for name, values in self._columns(table):
            if name in self._pivot:
                table = _replaced(table, name, pa.array(2 * self._pivot[name] - values))
        return table

    def _turn_quotes(self, table: pa.Table) -> pa.Table:
        pivot = (self._pivot["bid_price"] + self._pivot["ask_price"]) / 2
        bid = _mirrored(pivot, table, "ask_price")
        ask = np.maximum(_mirrored(pivot, table, "bid_price"), bid + 1)
        sizes = table.column("bid_size"), table.column("ask_size")
        table = _replaced(table, "bid_price", _prices(bid, table))
        table = _replaced(table, "ask_price", _prices(ask, table))
        table = _replaced(table, "bid_size", sizes[1])
        return _replaced(table, "ask_size", sizes[0])

    def _turn_trades(self, table: pa.Table) -> pa.Table:
        price = _mirrored(self._pivot["price"], table, "price")
        side = table.column("aggressor_side")
        if pa.types.is_dictionary(side.type):
            side = side.cast(side.type.value_type)
        buys, sells = pc.equal(side, _BUY), pc.equal(side, _SELL)
        turned = pc.if_else(buys, _SELL, pc.if_else(sells, _BUY, side))
        return _replaced(
            _replaced(table, "price", _prices(price, table)), "aggressor_side", turned
        )

    def _turn_bars(self, table: pa.Table) -> pa.Table:
        pivot = self._pivot["close"]
        # The lowest price of a bar turned round is its highest.
        sources = {"open": "open", "high": "low", "low": "high", "close": "close"}
        new = {name: _mirrored(pivot, table, source) for name, source in sources.items()}
        for name, ticks in new.items():
            table = _replaced(table, name, _prices(ticks, table))
        return table

    def _turn_other(self, table: pa.Table) -> pa.Table:
        """Of what we do not know, the order of the rows is turned round."""
        return _shuffled(table, np.random.default_rng(0))


_BUY: Final = "BUY"
_SELL: Final = "SELL"


def _kind_of(folder: Path, copy: Path) -> str:
    parts = folder.relative_to(copy / "data").parts
    if parts[:2] == ("custom", "ExternalFactors"):
        return "factors"
    return parts[0] if parts[0] in {"quotes", "trades", "bars"} else "other"


def _precision(table: pa.Table) -> int:
    return int((table.schema.metadata or {}).get(b"price_precision", b"2"))


def _mirrored(pivot: float, table: pa.Table, name: str) -> NDArray[np.int64]:
    """Return prices as far below the pivot as they were above, by ratio, in last decimals."""
    prices = _floats(table.column(name))
    unit = 10.0 ** _precision(table)
    return np.maximum(np.rint(pivot * pivot / prices * unit), 1).astype(np.int64)


def _prices(ticks: NDArray[np.int64], table: pa.Table) -> pa.Array:
    """Return positive numbers of last decimals as a decimal column."""
    words = np.zeros((len(ticks), 2), "<i8")
    words[:, 0] = ticks
    kind = pa.decimal128(38 - _DIGITS, _precision(table))
    made = pa.Array.from_buffers(kind, len(ticks), [None, pa.py_buffer(words.tobytes())])
    return made.cast(pa.decimal128(38, _DIGITS))


def _replaced(table: pa.Table, name: str, column: Any) -> pa.Table:
    at = table.column_names.index(name)
    field = table.schema.field(name)
    return table.set_column(at, field, column.cast(field.type))


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64)


def _ints(table: pa.Table, name: str) -> NDArray[np.int64]:
    return np.asarray(table.column(name).cast(pa.int64()).to_numpy())


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
