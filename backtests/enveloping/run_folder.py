"""A run's folder: the trades, the equity and the origin of a backtest, read and checked."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from adapters.process.safe_files import open_file
from dolphin_strategies.errors import ConfigError

_FILES: Final = ("result.json", "trades.csv", "equity.csv")
_NUMBERS: Final = (
    "pnl", "fees", "slippage", "notional", "return", "mae_return", "mfe_return", "holding_s"
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RunResults:
    """The results of one run.

    Attributes
    ----------
    folder : Path
        Its folder.
    result : dict
        ``result.json``.
    sha256 : dict of str to str
        The hash of each file that was read.
    currency : str
        The currency of all amounts.
    exit_ns : ndarray of int64, shape (trades,)
        When positions were closed, ascending, UNIX nanoseconds.
    columns : dict of str to ndarray of float64, shape (trades,)
        ``pnl``, ``fees``, ``slippage``, ``notional``, ``return``, ``mae_return``,
        ``mfe_return`` and ``holding_s`` of the closed positions, in that order.
    equity_ns : ndarray of int64, shape (rows,)
        When the equity is stated, UNIX nanoseconds.
    equity : ndarray of float64, shape (rows,)
        The equity.

    """

    folder: Path
    result: dict[str, Any]
    sha256: dict[str, str]
    currency: str
    exit_ns: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]
    equity_ns: NDArray[np.int64]
    equity: NDArray[np.float64]

    @property
    def start_ns(self) -> int:
        """The beginning of the window."""
        return int(self.result["start_ns"])

    @property
    def end_ns(self) -> int:
        """The end of the window, not in it."""
        return int(self.result["end_ns"])

    @property
    def label(self) -> str:
        """The folder's name."""
        return self.folder.resolve().name


def read_run(folder: Path, currency: str | None = None) -> RunResults:
    """Read the folder of a run.

    Parameters
    ----------
    folder : Path
        Written by run_backtest.py.
    currency : str, optional
        Of a run that may have no trade; None: the trades say it.

    Raises
    ------
    ConfigError
        If a file is missing or no result of run_backtest.py, the run did not reach its end, or
        its amounts are of several currencies.
    UnusableFileError
        If a file is a link, another user's, or others may write it.

    """
    contents: dict[str, bytes] = {}
    for name in _FILES:
        try:
            with os.fdopen(open_file(folder / name, os.O_RDONLY), "rb") as file:
                contents[name] = file.read()
        except OSError as error:
            msg = (
                f"{folder}: expected a run's folder with {', '.join(_FILES)} (run_backtest.py "
                f"--out), found no readable {name}: {error.strerror}"
            )
            raise ConfigError(msg) from None
    try:
        return _read(folder, contents, currency)
    except (KeyError, TypeError, ValueError, RecursionError, pa.ArrowException) as error:
        msg = f"{folder}: not what run_backtest.py writes: {type(error).__name__}: {error}"
        raise ConfigError(msg) from None


def check_same_trades(own: RunResults, again: RunResults, config: Path | None) -> None:
    """Refuse a repeated run that has other trades than the run.

    Parameters
    ----------
    own, again : RunResults
        The run, and its repetition.
    config : Path, optional
        The settings of the repetition, for the message.

    Raises
    ------
    ConfigError
        With how many positions both have.

    """
    # Not the files, in which Nautilus names positions at random.
    if np.array_equal(again.exit_ns, own.exit_ns) and np.allclose(
        again.columns["pnl"], own.columns["pnl"], rtol=1e-9, atol=1e-9
    ):
        return
    given = "without --config" if config is None else f"with --config {config}"
    msg = (
        f"{own.folder}: {given} its backtest gives other trades than it has "
        f"({len(again.exit_ns):,} closed positions, not {len(own.exit_ns):,}); give the file with "
        "which it was made, with what else its command line said written into it"
    )
    raise ConfigError(msg)


def _read(folder: Path, contents: dict[str, bytes], currency: str | None) -> RunResults:
    result = json.loads(contents["result.json"])
    if not result["is_whole"]:
        msg = f"{folder}: expected a run that reached its end, found one that was stopped before"
        raise ConfigError(msg)
    times = [pa.timestamp("ns", tz="UTC")] * 2
    kinds = {**dict.fromkeys(_NUMBERS, pa.float64()), "currency": pa.string()}
    kinds |= dict(zip(("entry_time", "exit_time"), times, strict=True))
    trades = _table(contents["trades.csv"], kinds)
    equity = _table(contents["equity.csv"], {"time": times[0]})
    traded = set(trades["currency"].to_pylist())
    currencies = sorted(traded if traded or currency is None else {currency})
    if len(currencies) != 1:
        found = ", ".join(currencies) or "no trade"
        msg = f"{folder}: expected trades in one currency, found {found}"
        raise ConfigError(msg)
    is_closed = np.array([word == "closed" for word in trades["status"].to_pylist()])
    exit_ns = _ns(trades["exit_time"])[is_closed]
    order = np.argsort(exit_ns, kind="stable")
    columns = {n: _numbers(trades[n])[is_closed][order] for n in _NUMBERS}
    return RunResults(
        folder=folder,
        result=result,
        sha256={n: hashlib.sha256(data).hexdigest() for n, data in contents.items()},
        currency=currencies[0],
        exit_ns=exit_ns[order],
        columns=columns,
        equity_ns=_ns(equity["time"]),
        equity=_numbers(equity[f"equity_{currencies[0]}"]),
    )


def _table(data: bytes, kinds: dict[str, pa.DataType]) -> pa.Table:
    options = csv.ConvertOptions(column_types=kinds)
    return csv.read_csv(pa.BufferReader(data), convert_options=options)


def _ns(column: pa.ChunkedArray) -> NDArray[np.int64]:
    found = column.cast(pa.int64()).fill_null(0).to_numpy()
    return np.asarray(found, np.int64)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)
