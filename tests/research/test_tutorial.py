"""The tutorial: every command that it shows, in its order, and what it claims they say."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.support.nodes.node_process import ROOT
from tests.support.page_commands import blocks_of, run_command, words_of

COMMANDS: Final = [command for block in blocks_of("tutorial.md") for command in block]
STEPS: Final = (
    "import_factors", "run_backtest", "run_backtest", "evaluate_factors", "sweep", "envelope",
    "train_exits", "run_backtest", "run_node", "check_parity", "run_backtest", "envelope",
    "run_node", "run_fleet", "monitor", "run_fleet", "run_fleet", "run_fleet", "run_fleet",
    "run_fleet",
)  # fmt: skip


def run(command: str, folder: Path) -> str:
    """Run a command; it must end with 0. Return what it printed.

    Two strategies that differ do not do the same, which `compare` tells by its code.
    """
    done = run_command(command, folder, 900)
    assert done.returncode == int(" compare " in command), done.stdout + done.stderr
    return done.stdout


def test_the_page_goes_from_an_idea_to_a_watched_pair() -> None:
    """Each step once, in this order, in files that exist or that an earlier command writes."""
    assert tuple(Path(words_of(c)[0]).stem for c in COMMANDS) == STEPS
    written: set[str] = set()
    for command in COMMANDS:
        words = words_of(command)
        for word in words:
            assert not word.startswith("docs/") or (ROOT / word).exists(), word
        made = {words[i + 1] for i, word in enumerate(words) if word in {"--out", "--record"}}
        if words[0].endswith("import_factors.py"):
            made = {words[words.index("--catalog") + 1]}
        read = {word for word in words if word.startswith("recordings/")} - made
        assert read <= written, command
        written |= made


@pytest.mark.parametrize("script", sorted({words_of(c)[0] for c in COMMANDS}))
def test_every_option_of_the_page_exists(script: str) -> None:
    """By the command's own help."""
    said = run(f"{script} --help", ROOT)
    options = {w for c in COMMANDS for w in words_of(c) if script in c and w.startswith("--")}
    assert options <= set(re.findall(r"--[a-z-]+", said))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_commands_of_the_page_run_one_after_another(tmp_path: Path) -> None:
    """What one writes, the next reads, and the verdicts are those that the page states."""
    # A fleet keeps its journal beside its file; and this one is of this run alone.
    shutil.copytree(ROOT / "docs" / "examples", tmp_path / "docs" / "examples")
    own = f"pair_{os.getpid()}"
    pair = tmp_path / "docs" / "examples" / "pair.toml"
    pair.write_text(pair.read_text().replace('"pair"', f'"{own}"').replace("in_pair", f"in_{own}"))
    commands = [command.replace("fleet_pair", f"fleet_{own}") for command in COMMANDS]
    try:
        said = [run(command, tmp_path) for command in commands]
    finally:
        run_command(commands[-1], tmp_path)
        for path in Path("/dev/shm").glob(f"dolphin_*{own}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    recordings = tmp_path / "recordings"
    proof, evaluation, sweep, exits = (said[i] for i in (2, 3, 4, 6))
    parity, watched, seen, promoted, rolled_back = (said[i] for i in (9, 12, 14, 16, 18))
    assert "NO LOOK-AHEAD FOUND" in proof
    for name, verdict in (("taker_ratio", "predicts"), ("fear_greed", "nothing found")):
        assert re.search(rf"^{name} .*{verdict}$", evaluation, re.MULTILINE)
    assert "verdict: edge shown, but the choice of parameters is overfitted" in sweep
    assert "no gain shown" in exits
    with_and_without = [
        json.loads((recordings / name / "result.json").read_text())
        for name in ("positions", "with_exits")
    ]
    assert len({(found["orders"], str(found["pnl"])) for found in with_and_without}) == 1
    assert "recordings/paper: PARITY" in parity
    told = json.loads(run("uv run backtests/check_parity.py --json recordings/paper", tmp_path))
    assert told["is_parity"]
    named = [one["name"] for one in told["compared"] if one["name"] != "note"]
    assert named == ["inputs", "decisions", "executions"]
    assert (recordings / "session_backtest" / "envelope.json").exists()
    assert "left open nothing" in watched
    assert re.search(r"^  envelope +\d+ trades", watched, re.MULTILINE)
    assert {"blue", "green"} <= {line.split()[0] for line in seen.splitlines() if line.strip()}
    assert "green leads the pair main" in promoted
    assert "blue leads the pair main again" in rolled_back
