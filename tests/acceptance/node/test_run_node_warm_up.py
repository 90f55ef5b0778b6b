"""run_node.py with a catalog: the strategy's history comes before the demo's factors."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from adapters.catalog import RecordingWriter
from adapters.market.simulated_path import SCHEMA
from dolphin_strategies import FactorBatch
from tests.support.lengths import long
from tests.support.nodes.node_process import node

if TYPE_CHECKING:
    from pathlib import Path

STRATEGY = "tests.support.strategies.warming_strategy:WarmingStrategy"
RECORDS = 5000


def write_catalog(folder: Path) -> None:
    """Record what ended a minute ago."""
    ts_init = (
        time.time_ns() - 60_000_000_000 - np.arange(RECORDS, dtype=np.int64)[::-1] * 10_000_000
    )
    batch = FactorBatch(
        schema=SCHEMA,
        sequence=np.arange(1, RECORDS + 1, dtype=np.uint64),
        ts_event=ts_init,
        ts_init=ts_init,
        values=np.ones((RECORDS, len(SCHEMA))),
        stream_id=7,
    )
    with RecordingWriter(folder, source="test") as writer:
        writer.write_factors(batch)


@pytest.mark.parametrize("by", ["option", long("settings file")])
def test_the_catalog_is_the_history_of_the_demo(tmp_path: Path, by: str) -> None:
    """By the option and by the settings file; the end is clean."""
    write_catalog(tmp_path / "catalog")
    options = ["--catalog", tmp_path / "catalog"]
    if by == "settings file":
        (tmp_path / "node.toml").write_text(f'[node]\ncatalog = "{tmp_path / "catalog"}"\n')
        options = ["--config", tmp_path / "node.toml"]
    with node("--strategy", STRATEGY, *options) as running:
        running.wait_for("LIVE")
        running.signal(signal.SIGINT)
        assert running.exit_code() == 0, running.output
    (said,) = [line for line in running.lines if line.startswith("WARMED UP")]
    # And what the demo's ring held already.
    history = int(said.split()[3].rstrip(","))
    assert RECORDS <= history <= RECORDS + 4096
    assert said.endswith("then True")


def test_without_a_catalog_the_demo_starts_all_the_same() -> None:
    """No request is made that Nautilus would take for an error."""
    with node("--strategy", STRATEGY) as running:
        running.wait_for("LIVE")
        running.signal(signal.SIGINT)
        assert running.exit_code() == 0, running.output
    (said,) = [line for line in running.lines if line.startswith("WARMED UP")]
    assert said.endswith("then True")


def test_a_folder_that_is_no_catalog_is_refused(tmp_path: Path) -> None:
    """Before anything is started."""
    with node("--catalog", tmp_path) as running:
        assert running.exit_code() == 2
    assert "is no catalog" in running.output
