"""train_exits.py as it is typed: every command of its page, and what it refuses."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support.lengths import long
from tests.support.nodes.node_process import ROOT
from tests.support.page_commands import blocks_of, run_command

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Run every command of the page once, in a folder of its own; return it and what they said."""
    folder = tmp_path_factory.mktemp("exits")
    (folder / "docs").symlink_to(ROOT / "docs")
    said = []
    (commands,) = blocks_of("exits.md")
    for command in commands:
        done = run_command(command, folder)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    return folder, said


def test_the_commands_of_the_page_run(trained: tuple[Path, list[str]]) -> None:
    """From an import to a backtest with the model."""
    from dolphin_strategies.exits import model_of

    folder, said = trained
    assert "bucket" in said[2]
    assert "gain" in said[2]
    model = model_of((folder / "recordings" / "exits.json").read_bytes())
    assert model.assets.keys() == {"BTCUSDT.BINANCE"}
    figures = model.buckets["other"].figures
    assert figures["positions"] >= figures["gain"]["count"] > 0
    assert model.trained["start_ns"] < model.trained["end_ns"]
    result = json.loads((folder / "recordings" / "with_exits" / "result.json").read_text())
    assert result["is_whole"]


@pytest.mark.long
def test_training_is_deterministic(trained: tuple[Path, list[str]]) -> None:
    """The same results give the same file, byte for byte."""
    folder, _ = trained
    words = "backtests/train_exits.py recordings/positions --horizon 4h --interval 15m"
    done = run_command(f"{words} --out again.json", folder)
    assert done.returncode == 0
    again = (folder / "again.json").read_bytes()
    assert again == (folder / "recordings" / "exits.json").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("recordings/positions --horizon 10m --interval 15m", "--horizon"),
        long("recordings/positions --horizon 4h --interval 0", "--interval"),
        long("recordings/positions --horizon 4h --interval 15m --folds 0", "--folds"),
        long("recordings/positions --horizon 4h --interval 15m --factors no_such", "no_such"),
        long("recordings/positions --horizon 4h --interval 15m --catalog docs", "no prices"),
        ("docs --horizon 4h --interval 15m", "trades.csv"),
    ],
)
def test_what_cannot_be_used_is_refused(
    trained: tuple[Path, list[str]], words: str, said: str
) -> None:
    """In one sentence, with exit code 2, and nothing is written."""
    folder, _ = trained
    done = run_command(f"backtests/train_exits.py {words} --out refused.json", folder)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "refused.json").exists()


def test_an_edited_model_stops_a_backtest_before_it_begins(
    trained: tuple[Path, list[str]],
) -> None:
    """A threshold changed by hand: refused with both hashes."""
    folder, _ = trained
    path = folder / "recordings" / "exits.json"
    before = path.read_text()
    path.write_text(before.replace('"horizon_ns": 14400000000000', '"horizon_ns": 14400000000001'))
    try:
        done = run_command(
            "backtests/run_backtest.py --catalog recordings/ten_days "
            "--config docs/examples/exits.toml --out edited",
            folder,
        )
    finally:
        path.write_text(before)
    assert done.returncode == 2
    assert "was changed after it was written" in done.stderr
    assert json.loads(before)["sha256"] in done.stderr


@pytest.mark.long
def test_a_path_closes_where_an_engine_does(trained: tuple[Path, list[str]]) -> None:
    """Of a backtest without exits, its paths say what one with barriers gains at each position."""
    from backtests.exit_training.learning.exit_steps import gains_at, stopped, taken
    from backtests.exit_training.recorded.path_building import FactorSteps, build_paths
    from backtests.exit_training.recorded.price_steps import read_prices
    from backtests.exit_training.recorded.result_positions import read_positions

    folder, _ = trained
    found = {}
    for name in ("HeldFlow", "BarrierFlow"):
        done = run_command(
            "backtests/run_backtest.py --catalog recordings/ten_days --config "
            f"docs/examples/exits.toml --strategy tests.support.exits.flow_exits:{name} "
            f"--out {name}",
            folder,
        )
        assert done.returncode == 0, done.stderr
        found[name] = read_positions([folder / name])
    interval_ns = 900_000_000_000
    catalog, instrument_id = folder / "recordings" / "ten_days", "BTCUSDT.BINANCE"
    paths = build_paths(
        found["HeldFlow"],
        {instrument_id: read_prices(catalog, instrument_id, interval_ns, 0, 2**62)},
        FactorSteps(names=(), ts_ns=np.zeros(0, dtype=np.int64), values=np.zeros((0, 0))),
        interval_ns=interval_ns,
        steps=16,
        keeps_own_exits=True,
    ).paths
    expected = gains_at(paths, np.minimum(taken(paths, 0.2, 0.0), stopped(paths, 0.2)))
    of_engine = {p.entry_ns: p.side * (p.exit_price / p.entry_price - 1) for p in
                 found["BarrierFlow"]}  # fmt: skip
    pairs = [
        (gain, of_engine[entry])
        for gain, entry in zip(expected.tolist(), paths.entry_ns.tolist(), strict=True)
        if entry in of_engine
    ]
    assert len(pairs) > 30
    assert [a for a, _ in pairs] == pytest.approx([b for _, b in pairs], abs=1e-6)
    orders = (folder / "BarrierFlow" / "orders.csv").read_text()
    assert "EXIT: take profit" in orders
    assert "EXIT: stop loss" in orders


@pytest.mark.long
def test_ctrl_c_ends_a_training_and_writes_nothing(trained: tuple[Path, list[str]]) -> None:
    """While it learns: exit code 130, one sentence, and no file."""
    folder, _ = trained
    words = ["recordings/positions", "--horizon", "30d", "--interval", "15m", "--out", "late.json"]
    with subprocess.Popen(
        [sys.executable, "-u", str(ROOT / "backtests" / "train_exits.py"), *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "positions in 1 instruments" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(400) == 130
        said = process.stderr.read()
    assert "ended by a signal; nothing was written" in said
    assert "Traceback" not in said
    assert not (folder / "late.json").exists()


@pytest.mark.long
def test_a_few_positions_teach_nothing(trained: tuple[Path, list[str]]) -> None:
    """Results of one position are refused, those of a third of them claim no gain."""
    folder, _ = trained
    rows = (folder / "recordings/positions/trades.csv").read_text().splitlines(keepends=True)
    for name, kept in (("one", 2), ("few", 60)):
        shutil.copytree(folder / "recordings/positions", folder / name)
        (folder / name / "trades.csv").write_text("".join(rows[:kept]))
    done = run_command(
        "backtests/train_exits.py one --horizon 4h --interval 15m --out one.json", folder
    )
    assert done.returncode == 2
    assert "no position is left to learn from" in done.stderr
    done = run_command(
        "backtests/train_exits.py few --horizon 4h --interval 15m --out few.json", folder
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((folder / "few.json").read_text())["buckets"]["other"]["rule"] is None
