"""A recorded session of a live replay of real Binance ticks has parity."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.catalogs.sessions import STRATEGIES, Compared, record

DATA = os.environ.get("DOLPHIN_DATA")
FOLDER = Path(DATA or "") / "ticks_20240808"

pytestmark = pytest.mark.skipif(
    not (DATA and FOLDER.is_dir()), reason="DOLPHIN_DATA names no folder with ticks_20240808 in it"
)
REPLAY = ("--replay", FOLDER, "--speed", 10, "--seconds")


@pytest.mark.long
def test_a_strategy_that_decides_from_data_alone_replays_to_the_end(tmp_path: Path) -> None:
    """Factors, quotes and trades, thousands a second, each at its place; every decision too."""
    record(tmp_path / "s", f"{STRATEGIES}:DataAndTrades", *REPLAY, 20)
    compared = Compared(tmp_path / "s")
    assert compared.exit_code == 0, compared.output
    assert " identical, each at its input" in compared.line("decisions")
    inputs = compared.line("inputs")
    assert int(inputs.split()[0].replace(",", "")) > 5_000
    assert all(kind in inputs for kind in ("factors", "quotes", "trades"))


@pytest.mark.long
def test_the_example_replays_up_to_the_first_execution_at_another_input(tmp_path: Path) -> None:
    """All inputs, and the decisions as far as executions came at the same inputs."""
    strategy = "dolphin_strategies.examples.imbalance_taker:ImbalanceTaker"
    record(tmp_path / "s", strategy, *REPLAY, 20)
    compared = Compared(tmp_path / "s")
    assert compared.exit_code == 0, compared.output
    assert compared.line("executions")
