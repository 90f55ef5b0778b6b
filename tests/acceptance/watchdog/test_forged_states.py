"""A state that names a process which does not write it: that process is never signalled."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.process.safe_files import open_or_make
from adapters.run_state.process_identity import ProcessIdentity, boot_id, start_ticks
from adapters.run_state.run_state import OpenPosition, RunState
from adapters.run_state.state_file import StateWriter
from tests.support.eventually import eventually
from tests.support.guarding.guarded_nodes import watchdog
from tests.support.lengths import long
from tests.support.nodes.processes import child

QUICK = ("--alarm-after", 0.3, "--term-after", 0.4, "--kill-after", 0.5, "--start-within", 0.5)


def innocent() -> None:
    """Live, and say that a signal came."""
    signal.signal(signal.SIGTERM, lambda *_: print("signalled", flush=True))
    print("living", flush=True)
    while input():
        print("alive", flush=True)


def forged(pid: int) -> RunState:
    """Return the state of a node that was never one, in everything true but in who writes it."""
    position = OpenPosition(instrument="BTCUSDT-PERP.BINANCE", quantity="1", price="60000")
    return RunState(
        process=ProcessIdentity(pid, start_ticks(pid), boot_id()),
        phase="running",
        positions=(position,),
    )


def write(path: Path, state: RunState) -> StateWriter:
    """Write a state once, and hold it."""
    writer = StateWriter(open_or_make(path), path)
    writer.write(state.encode())
    return writer


def forge_and_hold(path: str, pid: int) -> None:
    """Hold the forged state of another process, as a writer would."""
    _writer = write(Path(path), forged(pid))
    print("written", flush=True)
    input()


@pytest.mark.parametrize("is_held", [True, False])
def test_a_forged_state_signals_nobody(tmp_path: Path, *, is_held: bool) -> None:
    """Fault D04: the pid, its start and the boot are right; the kernel says who writes it."""
    path = tmp_path / "state"
    with child(innocent) as victim:
        assert victim.line() == "living"
        with child(forge_and_hold, path, victim.pid) as forger:
            assert forger.line() == "written"
            if not is_held:
                forger.kill()
            with watchdog("--node", path, "--until-end", *QUICK) as guard:
                if is_held:
                    guard.wait_for("nothing will be signalled")
                    guard.wait_for("ALARM HANG")
                    guard.wait_for("is not signalled: it is not proved")
                    eventually(lambda: guard.output.count("is not signalled") == 2, "both limits")
                    forger.kill()
                assert guard.exit_code() in {1, 3}, guard.output
        assert "was sent" not in guard.output
        assert victim.ask("?") == "alive"


@pytest.mark.parametrize("wrong", ["start", long("boot")])
def test_a_state_of_a_pid_that_was_used_again_signals_nobody(tmp_path: Path, wrong: str) -> None:
    """Fault D04: the holder of the lock has the pid of the state, and is another process."""
    path = tmp_path / "state"
    with child(misname_and_hold, path, wrong) as holder:
        assert holder.line() == "written"
        with watchdog("--node", path, "--until-end", *QUICK) as guard:
            eventually(lambda: guard.output.count("is not signalled") == 2, "both limits")
            assert holder.popen.poll() is None
            holder.kill()
            assert guard.exit_code() in {1, 3}, guard.output
        assert "was sent" not in guard.output


def misname_and_hold(path: str, wrong: str) -> None:
    """Hold a state whose process has this pid, and another start or boot."""
    own = forged(os.getpid())
    identity = (
        replace(own.process, start_ticks=own.process.start_ticks - 1)
        if wrong == "start"
        else replace(own.process, boot_id="another")
    )
    _writer = write(Path(path), replace(own, process=identity))
    print("written", flush=True)
    input()


def lose_and_live(path: str) -> None:
    """Write a state four times a second, and lose its lock: the process closes the same file."""
    own = forged(os.getpid())
    writer = write(Path(path), own)
    input()
    os.close(os.open(path, os.O_RDONLY))
    for n in range(10_000):
        writer.write(replace(own, at_ns=n).encode())
        time.sleep(0.25)


def test_a_node_that_lost_its_lock_is_neither_dead_nor_signalled(tmp_path: Path) -> None:
    """Fault D02: what it holds is not closed while it lives; its end is noticed nevertheless."""
    path = tmp_path / "state"
    with child(lose_and_live, path) as node:
        eventually(lambda: path.exists() and path.stat().st_size, "the state")
        with watchdog("--node", path, "--until-end") as guard:
            guard.wait_for("is watched, running")
            assert node.popen.stdin is not None
            node.popen.stdin.write(b"\n")
            guard.wait_for("does not hold its state any more")
            time.sleep(0.5)
            assert "DIED" not in guard.output
            node.signal(signal.SIGSTOP)
            guard.wait_for("ALARM STOPPED")
            guard.wait_for("is not signalled")
            node.kill()
            assert guard.exit_code() == 3, guard.output
    assert "ALARM DIED" in guard.output
    assert "was sent" not in guard.output


def test_a_file_that_is_no_state_is_an_alarm_and_the_watchdog_goes_on(tmp_path: Path) -> None:
    """A link, a file that others may write, and bytes of another kind."""
    others, link, bytes_ = (tmp_path / name for name in ("others", "link", "bytes"))
    others.write_bytes(b"")
    others.chmod(0o666)
    link.symlink_to(others)
    with StateWriter(open_or_make(bytes_), bytes_) as writer:
        writer.write(b"\x1b[2J")
        with watchdog("--node", others, link, bytes_, "--start-within", 600) as guard:
            eventually(lambda: guard.output.count("ALARM UNUSABLE") == 3, "an alarm for each")
            time.sleep(0.5)
            guard.signal(signal.SIGTERM)
            assert guard.exit_code() == 1, guard.output
    assert guard.output.count("ALARM UNUSABLE") == 3
    assert "\x1b" not in guard.output
