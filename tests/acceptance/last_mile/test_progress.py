"""What can take over two seconds shows how far it is; why other programs need not."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

import pytest

from tests.acceptance.last_mile.manners import EXAMPLES, PROGRAMS, TIMEOUT_S, Started, run
from tests.support.catalogs.archives import DAY, klines

if TYPE_CHECKING:
    from pathlib import Path

BACKTEST: Final = ("--catalog", "{catalog}", "--config", str(EXAMPLES / "backtest.toml"))
SHOWN: Final = {
    "advise": (("{positions}", "--out", "advice.json"), "draws"),
    "backfill": (("archives", "--catalog", "new"), "archives looked at"),
    "backfill written": (("archives", "--catalog", "new"), "MB"),
    "catalog": (("{catalog}", "verify"), "MB"),
    "catalog recover": (("{catalog}", "recover"), "spools"),
    "check_parity": (("session",), "inputs"),
    "compute_factors": (("--catalog", "ten_days", "--calendar", "1m"), "records"),
    "envelope": (("{positions}", "--out", "envelope.json"), "futures drawn"),
    "evaluate_factors": (("--catalog", "{catalog}", "--out", "out"), "factors"),
    "fit_regimes": (("--catalog", "{catalog}", "--out", "regimes.json"), "starts"),
    "import_factors": (
        ("--spec", str(EXAMPLES / "import_ten_days.toml"), "--catalog", "new"), "rows",
    ),
    "measure_latency": (
        ("--hazelcast", "none", "--rounds", "1", "--seconds", "0.2"), "measurements",
    ),
    "run_backtest": ((*BACKTEST, "--out", "out"), "records"),
    "run_backtest proof": (
        (*BACKTEST, "--prove-no-lookahead", "--instants", "1", "--out", "out"), "instants",
    ),
    "run_fleet": ((str(EXAMPLES / "fleet.toml"), "--check"), "services checked"),
    "sweep": (
        ("--catalog", "{catalog}", "--config", str(EXAMPLES / "sweep.toml"), "--trials", "2",
         "--out", "out"),
        "trials",
    ),
    "train_exits": (
        ("{positions}", "--horizon", "4h", "--interval", "15m", "--out", "exits.json"), "folds",
    ),
}  # fmt: skip
"""A program's arguments, and a word of its progress."""
NEEDS_NONE: Final = {
    "aeron_driver": "runs until it is stopped",
    "bridge_aeron": "runs until it is stopped, and tells its counts",
    "bridge_hazelcast": "runs until it is stopped, and tells its counts",
    "dolphin": "becomes another program, or writes a few small files",
    "hazelcast_member": "becomes the member, whose own lines tell how far it is",
    "monitor": "runs until it is left; --once looks once",
    "record_factors": "runs until it is stopped, and tells its counts",
    "region_headers": "writes three small files",
    "run_exf": "runs until it is stopped; start and stop wait for a state for some seconds",
    "run_node": "runs until it is stopped, and tells its counts",
    "switch": "is answered within half a second; --wait waits as long as it was told",
    "watchdog": "runs until it is stopped",
}


def test_every_program_shows_its_progress_or_needs_none() -> None:
    """A new program needs a row in one of the two."""
    shown = {case.partition(" ")[0] for case in SHOWN}
    assert shown.isdisjoint(NEEDS_NONE)
    assert sorted([*shown, *NEEDS_NONE]) == sorted(PROGRAMS)


@pytest.mark.long
@pytest.mark.parametrize("case", SHOWN)
def test_a_program_shows_its_progress_on_a_terminal(
    case: str, catalog: Path, positions: Path, tmp_path: Path
) -> None:
    """A bar with its unit, which is gone at the end."""
    shutil.copytree(catalog, tmp_path / "ten_days")
    klines(tmp_path / "archives", "klines", DAY, [100.0, 101.0, 102.0])
    if case == "check_parity":
        node = ("--record", "session", "--seconds", "2")
        assert run(PROGRAMS["run_node"], *node, cwd=tmp_path).returncode == 0
    arguments, word = SHOWN[case]
    words = [a.format_map({"catalog": catalog, "positions": positions}) for a in arguments]
    started = Started(PROGRAMS[case.partition(" ")[0]], words, tmp_path, {"TERM": "xterm"})
    try:
        assert started.process.wait(TIMEOUT_S) in {0, 1}, started.shown()
    finally:
        started.end()
    *drawn, last = started.shown().split("\r")
    assert any("% |" in line and word in line for line in drawn), drawn
    assert "% |" not in last
