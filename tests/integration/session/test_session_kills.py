"""What is killed, full or in the way does not harm trading, and what was recorded replays."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.catalogs.sessions import STRATEGIES, Compared, record
from tests.support.eventually import eventually
from tests.support.nodes.forkserver import run_forked
from tests.support.nodes.node_process import SCRIPT, NodeProcess, node

if TYPE_CHECKING:
    from collections.abc import Iterator

TOTALS = re.compile(r"recorded  ([\d,]+) \+ ([\d,]+) lost \+ ([\d,]+) dropped = ([\d,]+) inputs")


def totals(output: str) -> list[int]:
    """Return recorded, lost, dropped and published of the summary."""
    found = TOTALS.search(output)
    assert found, output
    return [int(text.replace(",", "")) for text in found.groups()]


def writer_of(process: NodeProcess) -> int:
    """Return the pid of the session writer."""
    for pid in process.children():
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"live.node.session.session_writer" in command:
            return pid
    raise AssertionError(process.output)


def figure_now(process: NodeProcess, name: str) -> int:
    """Return the newest figure of the progress lines."""
    found = re.findall(rf"\b{name} ([\d,]+)", process.output)
    return int(found[-1].replace(",", "")) if found else 0


def await_recorded(process: NodeProcess, count: int) -> None:
    """Wait until a progress line tells of so many recorded inputs."""
    eventually(
        lambda: figure_now(process, "recorded") > count or "Ran " in process.output,
        f"{count} inputs recorded",
    )
    assert "Ran " not in process.output, process.output


def test_a_killed_node_leaves_a_session_that_replays(tmp_path: Path) -> None:
    """Kill -9: its writer finishes by itself, and what was handed over has parity."""
    folder = tmp_path / "s"
    with node("--strategy", f"{STRATEGIES}:DataOnly", "--record", folder) as process:
        await_recorded(process, 500)
        writer = writer_of(process)
        process.signal(signal.SIGKILL)
        process.exit_code()
        eventually(lambda: not Path(f"/proc/{writer}").exists(), "the end of the writer")
    compared = Compared(folder)
    assert compared.exit_code == 0, compared.output
    assert "the node was killed" in compared.output
    assert "identical, each at" in compared.line("decisions")
    assert int(compared.line("inputs").split()[0].replace(",", "")) > 500


def test_a_killed_writer_does_not_touch_trading(tmp_path: Path) -> None:
    """Fault D11: one alarm, the rest counted, the node runs on and ends flat; what is there
    replays.
    """
    folder = tmp_path / "s"
    strategy = f"{STRATEGIES}:DataOnly"
    with node("--strategy", strategy, "--record", folder) as process:
        await_recorded(process, 500)
        os.kill(writer_of(process), signal.SIGKILL)
        process.wait_for("trading goes on")
        eventually(lambda: figure_now(process, "dropped") > 500, "500 inputs dropped")
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
    assert process.output.count("trading goes on") == 1, process.output
    assert "left open nothing" in process.output
    recorded, lost, dropped, published = totals(process.output)
    assert recorded + lost + dropped == published
    assert recorded > 500
    assert dropped > 500
    compared = Compared(folder)
    assert compared.exit_code == 0, compared.output
    assert "session writer was killed" in compared.output


@pytest.mark.long
def test_a_full_disk_does_not_touch_trading(small_disk: Path) -> None:
    """Fault D11: writing stops and goes on when there is space; what came between is counted."""
    folder = small_disk / "s"
    ballast = small_disk / "ballast"
    strategy = f"{STRATEGIES}:DataOnly"
    with node("--strategy", strategy, "--record", folder) as process:
        await_recorded(process, 300)
        fill(ballast)
        process.wait_for("trading goes on")
        recorded = figure_now(process, "recorded")
        ballast.unlink()
        await_recorded(process, recorded + 300)
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
    recorded, lost, dropped, published = totals(process.output)
    assert (recorded + dropped, lost) == (published, 0), process.output
    assert recorded > 600
    assert dropped > 0
    assert "left open nothing" in process.output
    compared = Compared(folder)
    assert compared.exit_code == 0, compared.output
    assert "could not be written" in compared.output


def fill(path: Path) -> None:
    """Write a file until its disk is full."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (65536, 1):
            with suppress(OSError):
                while True:
                    os.write(fd, bytes(size))
    finally:
        os.close(fd)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 12 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small tmpfs needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S607


def test_a_folder_with_a_session_is_refused(tmp_path: Path) -> None:
    """Before anything starts, with exit code 2."""
    (tmp_path / "session.json").write_text("{}", encoding="utf-8")
    arguments = [SCRIPT, "--record", str(tmp_path), "--check"]
    found = run_forked(*arguments)
    assert found.returncode == 2
    assert "session already" in found.stderr


def test_no_session_is_refused(tmp_path: Path) -> None:
    """check_parity.py names the file that it expected, exit code 2."""
    compared = Compared(tmp_path)
    assert compared.exit_code == 2
    assert "session.json" in compared.output


def test_a_run_that_ended_before_its_strategy_is_told(tmp_path: Path) -> None:
    """With how it ended; that is no damage."""
    header = {"format": 1, "recording": "r", "ended": "stopped by SIGTERM"}
    (tmp_path / "session.json").write_text(json.dumps(header), encoding="utf-8")
    compared = Compared(tmp_path)
    assert compared.exit_code == 2
    assert "nothing was recorded" in compared.output
    assert "(stopped by SIGTERM)" in compared.output
    assert "damaged" not in compared.output


def test_the_session_says_what_ran(tmp_path: Path) -> None:
    """Strategy, account, instruments, versions, and how it ended."""
    record(tmp_path / "s", f"{STRATEGIES}:DataOnly", "--seconds", 2)
    told = json.loads((tmp_path / "s" / "session.json").read_text(encoding="utf-8"))
    assert told["strategy"]["path"] == f"{STRATEGIES}:DataOnly"
    assert told["sandbox"]["taker_fee"] == "0.0005"
    assert [i["id"] for i in told["instruments"]] == ["BTCUSDT-PERP.BINANCE"]
    assert told["versions"]["nautilus_trader"]
    assert told["ended"] == "2 s are over"
