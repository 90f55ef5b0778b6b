"""The commands of computed factors as a user starts them, and what they are given."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from tests.integration.computing.market import market
from tests.support.nodes.forkserver import run_forked

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable

    from dolphin_strategies import FactorBatch

ROOT: Final = Path(__file__).resolve().parents[3]
COMPUTE: Final = ROOT / "backtests" / "compute_factors.py"
BACKTEST: Final = ROOT / "backtests" / "run_backtest.py"
ENVIRONMENT: Final = {**os.environ, "PYTHONPATH": str(ROOT)}
TIMEOUT_S: Final = 280.0
FLIPPER: Final = "tests.support.strategies.computed_strategies:Flipper"


def write_market(path: Path, instants: int, *, has_trades: bool = True) -> Path:
    """Write a catalog of a market."""
    path.mkdir()
    quotes, trades = market(7, instants)
    written = ParquetDataCatalog(str(path), max_row_group_size=100)
    written.write_instruments([btcusdt_perp()])
    written.write_quote_ticks(quotes)
    if has_trades:
        written.write_trade_ticks(trades)
    return path


def table(spec: Any, instrument: str = str(BTCUSDT_PERP)) -> str:
    """Return a spec as TOML."""
    return f"""\
[[computed]]
class = "{spec.class_name}"
instrument = "{instrument}"
name = "{spec.name}"
range = [-1e9, 1e9]
time_to_live_s = {spec.time_to_live_s}
unit = "-"
about = "A test's factor"
"""


def compute(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return run_forked(COMPUTE, *arguments, env=ENVIRONMENT, timeout_s=TIMEOUT_S)


def columns(batches: Iterable[FactorBatch]) -> tuple[Any, ...]:
    """Return everything that records hold, bit for bit."""
    found = list(batches)
    return (
        {b.stream_id for b in found},
        {b.schema for b in found},
        *(
            np.concatenate([getattr(b, name) for b in found]).tobytes()
            for name in ("sequence", "ts_event", "ts_init", "values")
        ),
    )


def small_chunks(tmp_path: Path) -> Path:
    """Return a file with which a backtest holds few records."""
    path = tmp_path / "small.toml"
    path.write_text("[backtest]\nchunk_rows = 3\n", encoding="utf-8")
    return path


def backtest(tmp_path: Path, catalog: Path, name: str, *options: object) -> str:
    """Run a backtest and return what its strategy wrote."""
    log = tmp_path / f"{name}.log"
    settings = tmp_path / f"{name}.toml"
    before = Path(str(options[-1])).read_text(encoding="utf-8") if "--config" in options else ""
    words = [o for o in options if o != "--config"][: len(options) - (2 if before else 0)]
    settings.write_text(f'{before}\n[strategy]\nlog = "{log}"\n', encoding="utf-8")
    done = run_forked(
        BACKTEST,
        *("--catalog", catalog, "--config", settings, "--out", tmp_path / name),
        *("--strategy", FLIPPER),
        *words,
        cwd=tmp_path,
        env=ENVIRONMENT,
        timeout_s=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / name / "result.json").read_text(encoding="utf-8"))["is_whole"]
    return log.read_text(encoding="utf-8")
