"""TradeOutcomes: the closed trades of runs, with the instant of each entry and what it paid."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from adapters.process.safe_files import open_file
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DAY_NS: Final = 86_400_000_000_000
_BPS: Final = 1e4


@dataclass(frozen=True, kw_only=True, eq=False)
class TradeOutcomes:
    """Closed trades in the order of their entries.

    Attributes
    ----------
    entry_ns : int64 array of shape (trades,)
        The first fill, UNIX nanoseconds.
    return_bps : float64 array of shape (trades,)
        What it paid after fees, slippage and funding, over its notional.
    origins : list of dict
        The folder, strategy, window and hashes of each run.

    """

    entry_ns: NDArray[np.int64]
    return_bps: NDArray[np.float64]
    origins: list[dict[str, Any]]

    @property
    def days(self) -> int:
        """The number of days in UTC on which a trade began."""
        return len(np.unique(self.entry_ns // DAY_NS))


def read_outcomes(folders: Sequence[Path]) -> TradeOutcomes:
    """Read the folders of runs.

    Parameters
    ----------
    folders : sequence of Path
        Written by ``run_backtest.py --out``.

    Raises
    ------
    ConfigError
        If a file is missing or is no result of run_backtest.py, or two runs are of one
        time.
    UnusableFileError
        If a file is a link, another user's, or others may write it.

    """
    entries, returns = [], []
    origins: list[dict[str, Any]] = []
    for folder in folders:
        entry_ns, return_bps, origin = _read(folder)
        if any(origin["sha256"] == known["sha256"] for known in origins):
            msg = f"{folder}: expected each run once, found its trades in another folder, too"
            raise ConfigError(msg)
        if any(_overlap(origin, known) for known in origins):
            msg = (
                f"{folder}: expected runs of times that do not overlap, found one of the same "
                "time: trades of other parameters are no further evidence"
            )
            raise ConfigError(msg)
        entries.append(entry_ns)
        returns.append(return_bps)
        origins.append(origin)
    entry_ns = np.concatenate(entries)
    order = np.argsort(entry_ns, kind="stable")
    return TradeOutcomes(
        entry_ns=entry_ns[order], return_bps=np.concatenate(returns)[order], origins=origins
    )


def _read(folder: Path) -> tuple[NDArray[np.int64], NDArray[np.float64], dict[str, Any]]:
    result, trades = (_content(folder, name) for name in ("result.json", "trades.csv"))
    kinds = {
        "return": pa.float64(), "status": pa.string(), "entry_time": pa.timestamp("ns", tz="UTC"),
    }  # fmt: skip
    try:
        run = json.loads(result)
        options = csv.ConvertOptions(column_types=kinds, include_columns=list(kinds))
        table = csv.read_csv(pa.BufferReader(trades), convert_options=options)
        entry_ns = np.asarray(table["entry_time"].cast(pa.int64()).to_numpy(), np.int64)
        return_bps = np.asarray(table["return"].to_numpy(), np.float64) * _BPS
        is_closed = np.array([word == "closed" for word in table["status"].to_pylist()], bool)
        origin = {
            "folder": folder.resolve().name,
            "strategy": str(run["strategy"]),
            "start_ns": int(run["start_ns"]),
            "end_ns": int(run["end_ns"]),
            "sha256": hashlib.sha256(trades).hexdigest(),
        }
    except (KeyError, TypeError, ValueError, RecursionError, pa.ArrowException) as error:
        msg = f"{folder}: not what run_backtest.py writes: {type(error).__name__}: {error}"
        raise ConfigError(msg) from None
    is_used = is_closed & np.isfinite(return_bps)
    return entry_ns[is_used], return_bps[is_used], origin


def _overlap(run: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(run["start_ns"] < other["end_ns"] and other["start_ns"] < run["end_ns"])


def _content(folder: Path, name: str) -> bytes:
    try:
        with os.fdopen(open_file(folder / name, os.O_RDONLY), "rb") as file:
            return file.read()
    except OSError as error:
        msg = (
            f"{folder}: expected a run's folder with result.json and trades.csv (run_backtest.py "
            f"--out), found no readable {name}: {error.strerror}"
        )
        raise ConfigError(msg) from None
