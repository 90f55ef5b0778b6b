"""envelope.py as it is typed: every command of its page, what it refuses, and its watch."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pytest

from backtests.envelope import main
from dolphin_strategies.envelope.envelope import envelope_from, sealed
from tests.support.eventually import eventually
from tests.support.lengths import long
from tests.support.nodes.node_process import ROOT
from tests.support.page_commands import blocks_of, run_command

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS: Final = blocks_of("envelope.md")
TIMEOUT_S: Final = 400
INVERTED: Final = "tests.support.envelope.inverted_flow:InvertedFlow"
WITHOUT_ARCH: Final = """
import runpy, sys
sys.modules["arch"] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def _python(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Run every command of the page once, in a folder of its own; return it and what they said."""
    folder = tmp_path_factory.mktemp("envelope")
    (folder / "docs").symlink_to(ROOT / "docs")
    said = []
    for command in BLOCKS[0]:
        done = run_command(command, folder)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout + done.stderr)
    return folder, said


def test_the_commands_of_the_page_run_and_the_same_law_is_not_warned_of(
    made: tuple[Path, list[str]],
) -> None:
    """From an import to a backtest under the watch of its own envelope, which says nothing."""
    folder, said = made
    assert "what may come" in said[2]
    path = folder / "recordings" / "positions" / "envelope.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.with_suffix(".html").read_text().startswith("<!DOCTYPE html>")
    envelope = envelope_from(json.loads(path.read_text()))
    assert envelope.budget == pytest.approx(0.05)
    assert 0 < envelope.streams["result"].limit < 3.6
    for band in envelope.document["horizons"].values():
        assert band["pnl"]["0.025"] < band["pnl"]["0.5"] < band["pnl"]["0.975"]
    assert "ENVELOPE" not in said[3]
    first, again = (
        json.loads((folder / "recordings" / name / "result.json").read_text())
        for name in ("positions", "watched")
    )
    assert again["is_whole"]
    assert again["decisions"] == first["decisions"]


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_neighbours_of_a_strategy_widen_its_envelope(made: tuple[Path, list[str]]) -> None:
    """The second command of the page: a backtest for each number, lower and higher, and a later
    one; each has its part of the mixture, and the watch is the one of the strategy as it is.
    """
    folder, _ = made
    (command,) = BLOCKS[1]
    done = run_command(command, folder)
    assert done.returncode == 0, done.stderr
    wide = json.loads((folder / "recordings/wide.json").read_text())
    own = json.loads((folder / "recordings/positions/envelope.json").read_text())
    names = [s["name"] for s in wide["scenarios"]]
    assert names == [
        "positions", "size=0.4", "size=0.6", "threshold=0.48", "threshold=0.72",
        "max_funding=0.0008", "max_funding=0.0012", "delay=15m", "costs x 1.5",
    ]  # fmt: skip
    earned = {s["name"]: s["pnl"] for s in wide["scenarios"]}
    assert earned["size=0.4"] == pytest.approx(0.8 * earned["positions"], rel=1e-3)
    assert earned["delay=15m"] < earned["positions"]
    watched, alone = (one["watch"]["streams"]["result"] for one in (wide, own))
    assert watched["values"] == alone["values"]
    # Settings of another backtest: nothing is written.
    other = folder / "other.toml"
    text = (folder / "docs/examples/backtest.toml").read_text()
    other.write_text(text.replace("taker_fee = 0.0005", "taker_fee = 0.0009"))
    words = "recordings/positions --perturb 0.2 --config other.toml --out other.json"
    done = run_command(f"backtests/envelope.py {words}", folder)
    assert done.returncode == 2
    assert "gives other trades than it has" in done.stderr
    assert not (folder / "other.json").exists()


def test_the_inverted_signal_is_stopped(made: tuple[Path, list[str]], tmp_path: Path) -> None:
    """It loses what the backtest gained: the watch ends it long before the end."""
    folder, _ = made
    document = json.loads((folder / "recordings/positions/envelope.json").read_text())
    document["origin"]["strategy"] = INVERTED
    file = _write(tmp_path / "inverted.json", sealed({**document, "sha256": None}))
    done = _backtest(folder, file, INVERTED, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "stopped by the envelope: the results of trades are worse" in done.stdout + done.stderr
    trades = (tmp_path / "out" / "trades.csv").read_text().splitlines()
    assert len(trades) < document["scenarios"][0]["trades"] / 2


@pytest.mark.parametrize("change", ["edited", "link", long("open"), long("schema")])
def test_a_file_that_cannot_be_trusted_stops_a_backtest_before_it_begins(
    made: tuple[Path, list[str]], tmp_path: Path, change: str
) -> None:
    """In one sentence, with exit code 2."""
    folder, _ = made
    source = folder / "recordings/positions/envelope.json"
    document = json.loads(source.read_text())
    file, said = tmp_path / "envelope.json", "was changed after it was made"
    if change == "link":
        file.symlink_to(source)
        said = "symbolic link"
    elif change == "open":
        _write(file, document).chmod(0o666)
        said = "only its owner may write"
    elif change == "schema":
        _write(file, {**document, "version": 1})
        said = "of version"
    else:
        document["watch"]["streams"]["result"]["budget"] = 1e-6
        _write(file, document)
    done = _backtest(folder, file, document["origin"]["strategy"], tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def _write(path: Path, document: dict[str, Any]) -> Path:
    path.write_text(json.dumps(document))
    path.chmod(0o600)
    return path


def _backtest(
    folder: Path, file: Path, strategy: str, into: Path
) -> subprocess.CompletedProcess[str]:
    config = (ROOT / "docs/examples/watched.toml").read_text()
    config = config.replace("recordings/positions/envelope.json", str(file))
    path = into / "watched.toml"
    path.write_text(config.replace("dolphin_strategies.examples.taker_flow:TakerFlow", strategy))
    words = f"--catalog recordings/ten_days --config {path} --out {into / 'out'}"
    return run_command(f"backtests/run_backtest.py {words}", folder)


@pytest.mark.parametrize(
    "edit",
    [
        ("trades.csv", "status,pnl\nclosed,much\n", "not what run_backtest.py writes"),
        ("result.json", "{}", "not what run_backtest.py writes"),
        ("equity.csv", None, "symbolic link"),
        ("trades.csv", "", "not what run_backtest.py writes"),
    ],
)
def test_a_run_that_was_edited_is_refused(
    made: tuple[Path, list[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    edit: tuple[str, str | None, str],
) -> None:
    """In one sentence, with exit code 2, and nothing is written."""
    name, content, said = edit
    folder = tmp_path / "run"
    shutil.copytree(made[0] / "recordings" / "positions", folder)
    (folder / "envelope.json").unlink()
    path = folder / name
    if content is None:
        path.rename(tmp_path / name)
        path.symlink_to(tmp_path / name)
    else:
        path.write_text(content)
    assert main([str(folder)]) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "envelope.json").exists()


def test_a_missing_extra_is_named(made: tuple[Path, list[str]]) -> None:
    """With the command that has it."""
    script = ROOT / "backtests" / "envelope.py"
    done = _python("-c", WITHOUT_ARCH, script, "recordings/positions", cwd=made[0])
    assert done.returncode == 2
    assert "uv run --extra research" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_it_and_leaves_nothing_half_written(
    made: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """Exit code 130, while futures are drawn."""
    out = tmp_path / "envelope.json"
    words = ["recordings/positions", "--cost", "1,2,3", "--draws", "200000", "--out", str(out)]
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 100))
    shown = bytearray()

    def read() -> None:
        with suppress(OSError):  # its end
            while more := os.read(leader, 1 << 16):
                shown.extend(more)

    reader = threading.Thread(target=read)
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "backtests" / "envelope.py"), *words],
        cwd=made[0],
        env={**os.environ, "TERM": "xterm"},
        stderr=follower,
    )
    os.close(follower)
    reader.start()
    try:
        eventually(
            lambda: b"futures drawn" in shown or process.poll() is not None, "futures", TIMEOUT_S
        )
        assert b"futures drawn" in shown, shown
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT_S) == 130
    finally:
        process.kill()
        process.wait()
        reader.join(TIMEOUT_S)
        os.close(leader)
    assert b"SIGINT" in shown
    assert b"Traceback" not in shown
    assert not out.exists()
