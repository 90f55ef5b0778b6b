"""switch.py and a paper node, as a user starts them: acknowledged, done, written down."""

from __future__ import annotations

import json
import os
import shlex
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.eventually import eventually
from tests.support.guarding.guarded_nodes import ODD, watchdog
from tests.support.lengths import long
from tests.support.nodes.forkserver import run_forked
from tests.support.nodes.node_process import ROOT, NodeProcess, node

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

SWITCH = ROOT / "live" / "switch.py"


def switch(process: NodeProcess, *words: object) -> subprocess.CompletedProcess[str]:
    """Run switch.py for a node."""
    return run_forked(SWITCH, *words, "--node", process.pid, is_merged=True)


def journal(path: Path) -> list[dict[str, Any]]:
    """Return the commands in a journal."""
    rows = [json.loads(line) for line in path.read_text().splitlines() if line]
    return [row for row in rows if "command" in row]


def test_a_node_halts_stays_halted_over_a_restart_and_resumes(tmp_path: Path) -> None:
    """The command, the FIFO and the signal; each in the journal with who, when and why."""
    path = tmp_path / "journal"
    with node("--journal", path) as first:
        first.wait_for_factors(1)
        done = switch(first, "halt", "--why", "a test")
        assert done.returncode == 0, done.stdout
        assert "HALTED (halt by " in done.stdout
        first.wait_for("HALTED: halt by ")
        first.signal(signal.SIGKILL)
    [row] = journal(path)
    assert (row["command"], row["why"]) == ("halt", "a test")
    assert f"(pid {row['pid']})" not in row["who"]
    assert path.stat().st_mode & 0o777 == 0o600
    with node("--journal", path) as second:
        second.wait_for("HALTED: halt by ")
        second.wait_for_factors(1)
        assert switch(second, "status").stdout.count("HALTED") == 1
        fifo = second.run_folders()[0] / "switch.fifo"
        fifo.write_text("resume all is well\n")
        second.wait_for("ACTIVE: resume by ")
        fifo.write_text("hlt\n")
        second.wait_for("found 'hlt'; nothing was done")
        second.signal(signal.SIGUSR1)
        second.wait_for("HALTED: halt by SIGUSR1")
        done = switch(second, "flat", "--wait", 20)
        assert done.returncode == 0, done.stdout
        assert "flat: nothing is open" in done.stdout
        second.signal(signal.SIGTERM)
        assert second.exit_code() == 0, second.output
    found = [(row["command"], row["why"]) for row in journal(path)]
    assert found == [("halt", "a test"), ("resume", "all is well"), ("halt", ""), ("flat", "")]


EARLY = """\
import os, signal
os.kill(os.getpid(), signal.{name})
from dolphin_strategies.examples.imbalance_taker import ImbalanceTaker
"""


@pytest.mark.parametrize(("name", "word"), [("SIGUSR1", "halt"), long("SIGUSR2", "flat")])
def test_a_signal_before_there_is_anything_to_switch_holds_from_the_first_order_on(
    tmp_path: Path, name: str, word: str
) -> None:
    """It comes while the strategy is being loaded: the node starts halted, and says by whom."""
    (tmp_path / "early.py").write_text(EARLY.format(name=name))
    words = ("--strategy", "early:ImbalanceTaker", "--journal", tmp_path / "journal")
    with node(*words, cwd=tmp_path) as process:
        process.wait_for(f"HALTED: {word} by {name}")
        process.wait_for_factors(1)
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
    assert [row["command"] for row in journal(tmp_path / "journal")] == [word]
    assert "fills     0" in process.output


@pytest.mark.long
def test_two_nodes_have_no_journal_in_common(tmp_path: Path) -> None:
    """The second one is refused, and says who holds it."""
    path = tmp_path / "journal"
    with node("--journal", path) as first:
        first.wait_for_factors(1)
        with node("--journal", path) as second:
            assert second.exit_code() == 1
            assert f"is the journal of process {first.pid}" in second.output


@pytest.mark.parametrize("command", ["flat", long("halt")])
def test_a_node_that_hangs_is_handed_to_the_watchdog(tmp_path: Path, command: str) -> None:
    """Not acknowledged within 0.5 s: it says so, writes it down, and the node is ended."""
    path, state = tmp_path / "journal", tmp_path / "state"
    with node("--journal", path, "--state", state) as process:
        process.wait_for_factors(1)
        limits = ("--alarm-after", 60, "--term-after", 60, "--kill-after", 0)
        with watchdog("--node", state, "--until-end", *limits) as watching:
            watching.wait_for("is watched")
            os.kill(process.pid, signal.SIGSTOP)
            done = switch(process, command)
            assert done.returncode == 1, done.stdout
            assert "NOT ACKNOWLEDGED" in done.stdout
            assert "the watchdog has taken it" in done.stdout
            watching.wait_for(f"has not acknowledged '{command}'")
            watching.wait_for("was sent SIGTERM")
        eventually(process.has_ended, "the node's end")
    assert journal(path)[0]["event"] == "unanswered"


@pytest.mark.long
def test_without_a_watchdog_it_says_what_to_do() -> None:
    """Exit code 4, and nothing pretends to have been done."""
    with node("--strategy", f"{ODD}:HoldsPosition") as process:
        eventually(lambda: process.run_folders() != [], "the run's folder")
        eventually((process.run_folders()[0] / "switch").exists, "the switch")
        os.kill(process.pid, signal.SIGSTOP)
        done = switch(process, "halt")
        os.kill(process.pid, signal.SIGCONT)
    assert done.returncode == 4, done.stdout
    assert f"`kill {process.pid}`" in done.stdout


@pytest.mark.parametrize("words", [["halt", "--node", "1"], ["stop"]])
def test_bad_usage_ends_with_2(words: list[str]) -> None:
    """No such node, no such command."""
    assert run_forked(SWITCH, *words, is_merged=True).returncode == 2


@pytest.mark.long
def test_the_shown_commands_do_what_the_page_says(tmp_path: Path) -> None:
    """Each line of the first block of risk.md, one after the other, for one node."""
    page = (ROOT / "docs" / "risk.md").read_text()
    lines = page.split("```bash\n")[1].split("```")[0].splitlines()
    assert len(lines) == 5
    states = ["ACTIVE", "HALTED", "REDUCING", "HALTED", "ACTIVE"]
    state = tmp_path / "state"
    with node("--state", state) as process:
        process.wait_for_factors(1)
        for line, expected in zip(lines, states, strict=True):
            words = shlex.split(line.removeprefix("uv run "))
            words[words.index("--state") + 1] = str(state)
            done = run_forked(ROOT / words[0], *words[1:], is_merged=True)
            assert done.returncode == 0, done.stdout
            assert f": {expected}" in done.stdout
