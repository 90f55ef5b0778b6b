"""TickFiles: recorded best bids, asks and trades of a perpetual and its spot market."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    import os

type Columns = dict[str, NDArray[Any]]

STAMP: Final = "local_ts_ns"
"""The receiver's clock: the common order of everything received."""
TOUCH_COLUMNS: Final = {
    STAMP: pa.int64(),
    "bid_px": pa.float64(),
    "bid_qty": pa.float64(),
    "ask_px": pa.float64(),
    "ask_qty": pa.float64(),
}
TRADE_COLUMNS: Final = {
    STAMP: pa.int64(),
    "trade_id": pa.int64(),
    "price": pa.float64(),
    "qty": pa.float64(),
    "buyer_is_maker": pa.bool_(),
}


@dataclass(frozen=True, kw_only=True)
class TouchTicks:
    """Changes of the best bid and ask, by receive time; arrays of one length."""

    ts: NDArray[np.int64]
    bid: NDArray[np.float64]
    bid_size: NDArray[np.float64]
    ask: NDArray[np.float64]
    ask_size: NDArray[np.float64]

    @property
    def mid(self) -> NDArray[np.float64]:
        """Halfway between bid and ask."""
        return (self.bid + self.ask) / 2


@dataclass(frozen=True, kw_only=True)
class TradeTicks:
    """Trades by receive time; arrays of one length. ``taker_buys``: the taker bought."""

    ts: NDArray[np.int64]
    trade_id: NDArray[np.int64]
    price: NDArray[np.float64]
    size: NDArray[np.float64]
    taker_buys: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class MarketEvents:
    """The perpetual's touch changes and trades in one order; event ``i + 1`` is at index ``i``.

    Of equal stamps the touch comes before the trades.

    Attributes
    ----------
    ts : int64 array
        Receive time of each event, nanoseconds.
    is_trade : bool array
        Whether the event is a trade.
    row : int64 array
        The event's position in ``perp_touch`` or ``perp_trades``.

    """

    ts: NDArray[np.int64]
    is_trade: NDArray[np.bool_]
    row: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ts)


@dataclass(frozen=True, kw_only=True)
class TickFiles:
    """The data that one receiver recorded of a USD-M perpetual and of its spot market.

    Attributes
    ----------
    dropped : dict of str to int
        Rows that were left out, by file and reason; empty if none were.

    """

    perp_touch: TouchTicks
    perp_trades: TradeTicks
    spot_touch: TouchTicks
    spot_trades: TradeTicks
    events: MarketEvents
    dropped: dict[str, int]

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Self:
        """Read ``{usdm,spot}_{bookticker,trades}.parquet``.

        Rows are sorted by receive time; those of equal time keep their order. Rows with a price
        or size that is not a positive finite number, and crossed or locked quotes, are dropped
        and counted.

        Parameters
        ----------
        folder : path-like
            Where the four files are.

        Raises
        ------
        ConfigError
            If a file or a column is missing, cannot be read or has nothing to replay.

        """
        dropped: dict[str, int] = {}
        folder = Path(folder)
        perp_touch = _read_touch(folder / "usdm_bookticker.parquet", dropped)
        perp_trades = _read_trades(folder / "usdm_trades.parquet", dropped)
        return cls(
            perp_touch=perp_touch,
            perp_trades=perp_trades,
            spot_touch=_read_touch(folder / "spot_bookticker.parquet", dropped),
            spot_trades=_read_trades(folder / "spot_trades.parquet", dropped),
            events=_merge(perp_touch.ts, perp_trades.ts),
            dropped=dropped,
        )

    @property
    def first_ns(self) -> int:
        """Receive time of the first event, nanoseconds, at which a replay's clock starts."""
        return int(self.events.ts[0])


def _merge(touch_ts: NDArray[np.int64], trade_ts: NDArray[np.int64]) -> MarketEvents:
    ts = np.concatenate([touch_ts, trade_ts])
    order = np.argsort(ts, kind="stable")
    is_trade = order >= len(touch_ts)
    return MarketEvents(
        ts=ts[order], is_trade=is_trade, row=np.where(is_trade, order - len(touch_ts), order)
    )


def _read_touch(path: Path, dropped: dict[str, int]) -> TouchTicks:
    columns = _read(path, TOUCH_COLUMNS)
    numbers = [columns[name] for name in TOUCH_COLUMNS if name != STAMP]
    kept = _drop(path, dropped, columns, "not_positive", ~_are_positive(numbers))
    kept = _drop(path, dropped, kept, "crossed", kept["bid_px"] >= kept["ask_px"])
    _require_rows(path, kept)
    return TouchTicks(
        ts=kept[STAMP],
        bid=kept["bid_px"],
        bid_size=kept["bid_qty"],
        ask=kept["ask_px"],
        ask_size=kept["ask_qty"],
    )


def _read_trades(path: Path, dropped: dict[str, int]) -> TradeTicks:
    columns = _read(path, TRADE_COLUMNS)
    numbers = [columns["price"], columns["qty"]]
    kept = _drop(path, dropped, columns, "not_positive", ~_are_positive(numbers))
    _require_rows(path, kept)
    return TradeTicks(
        ts=kept[STAMP],
        trade_id=kept["trade_id"],
        price=kept["price"],
        size=kept["qty"],
        taker_buys=~kept["buyer_is_maker"],
    )


def _read(path: Path, wanted: dict[str, pa.DataType]) -> Columns:
    """Read columns as the given types, sorted by receive time."""
    if not path.is_file():
        msg = (
            f"{path} is missing: a recording is a folder with usdm_bookticker, usdm_trades, "
            "spot_bookticker and spot_trades, each a .parquet file"
        )
        raise ConfigError(msg)
    try:
        file = pq.ParquetFile(path)
        missing = [name for name in wanted if name not in file.schema_arrow.names]
        if missing:
            msg = (
                f"{path} has no column {missing[0]!r}; expected {', '.join(wanted)}, "
                f"found {', '.join(file.schema_arrow.names)}"
            )
            raise ConfigError(msg)
        table = file.read(columns=list(wanted)).cast(
            pa.schema([(name, wanted[name]) for name in file.schema_arrow.names if name in wanted])
        )
    except (pa.ArrowException, OSError) as error:
        msg = f"{path} cannot be read as a recording: {error}"
        raise ConfigError(msg) from None
    for name, kind in wanted.items():
        if kind != pa.float64() and table[name].null_count:
            count = table[name].null_count
            msg = f"{path}: column {name!r} has {count} empty values; expected none"
            raise ConfigError(msg)
    columns = {name: table[name].to_numpy() for name in wanted}
    order = np.argsort(columns[STAMP], kind="stable")
    return {name: column[order] for name, column in columns.items()}


def _are_positive(columns: list[NDArray[np.float64]]) -> NDArray[np.bool_]:
    return np.all([np.isfinite(c) & (c > 0) for c in columns], axis=0)


def _drop(
    path: Path, dropped: dict[str, int], columns: Columns, why: str, rows: NDArray[np.bool_]
) -> Columns:
    """Leave out the marked rows and count them under the file and the reason."""
    count = int(rows.sum())
    if not count:
        return columns
    dropped[f"{path.stem}.{why}"] = count
    return {name: column[~rows] for name, column in columns.items()}


def _require_rows(path: Path, columns: Columns) -> None:
    if not len(columns[STAMP]):
        msg = f"{path} has no row to replay; expected at least one with positive prices"
        raise ConfigError(msg)
