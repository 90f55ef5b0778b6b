"""A supervisor over small services: starts in order, mends, adopts, stops in reverse order."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adapters.run_state.process_identity import start_ticks
from tests.support.eventually import eventually
from tests.support.fleet.small_fleet import PAIR, SmallFleet, small_fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAIN = """\
[[node]]
name = "last"
depends_on = ["middle"]
[[node]]
name = "middle"
depends_on = ["first"]
[[node]]
name = "first"
"""


def starts_of(fleet: SmallFleet) -> list[str]:
    """Return the names in the order of their starts."""
    return [line["name"] for line in fleet.journal.entries() if line["event"] == "started"]


def has_ended(pid: int) -> bool:
    """Return whether a process is gone, or a zombie of somebody."""
    return start_ticks(pid) == 0 or not Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[SmallFleet]:
    """Three services that depend on each other, running."""
    with small_fleet(tmp_path, CHAIN) as fleet:
        fleet.wait_for_all()
        yield fleet


def test_a_killed_supervisor_is_followed_by_one_that_adopts(tmp_path: Path) -> None:
    """All start in the order of what they need; SIGKILL of the supervisor ends none of them; the
    next one starts none twice, restarts what is killed afterwards, and stops all in reverse order.
    """
    fleet = SmallFleet(tmp_path, CHAIN)
    fleet.supervise()
    before = fleet.wait_for_all()
    assert starts_of(fleet) == ["first", "middle", "last"]
    fleet.kill_supervisor()
    fleet.supervise()
    after = fleet.wait_for_all()
    assert {n: r["pid"] for n, r in after.items()} == {n: r["pid"] for n, r in before.items()}
    os.kill(after["middle"]["pid"], signal.SIGKILL)
    eventually(lambda: fleet.rows()["middle"]["restarts"] == 1, "a restart")
    fleet.wait_for("middle", "running")
    assert starts_of(fleet) == ["first", "middle", "last", "middle"]
    stopped = [line.split()[1] for line in fleet.end().splitlines() if line.endswith(" stopped")]
    assert stopped == ["last", "middle", "first"]
    assert fleet.supervisor is not None
    assert fleet.supervisor.returncode == 0


@pytest.mark.long
def test_a_second_supervisor_is_refused(chain: SmallFleet) -> None:
    """With the first one's pid."""
    second = chain.command("run")
    said = second.communicate(timeout=60)[0]
    assert second.returncode == 1
    assert chain.supervisor is not None
    assert f"pid {chain.supervisor.pid}" in said


@pytest.mark.long
def test_a_silent_service_is_ended_and_started_again(tmp_path: Path) -> None:
    """Its process lives and its thread does not turn: health is the heartbeat, not the pid."""
    silent = tmp_path / "silent"
    table = f'[[node]]\nname = "one"\noptions = {{ silent = "{silent}" }}\n'
    with small_fleet(tmp_path, table, silent_s=1.0) as fleet:
        pid = fleet.wait_for("one", "running")["pid"]
        silent.touch()
        eventually(lambda: fleet.rows()["one"]["restarts"] >= 1, "a restart")
        silent.unlink()
        row = fleet.wait_for("one", "running")
        assert row["pid"] != pid
        assert "silent" in row["error"]


@pytest.mark.long
def test_what_fails_for_good_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    """Given up after the limit of restarts, at once with code 2 or 3, shown with its last line;
    what needs it waits, the rest runs.
    """
    table = """\
[[node]]
name = "fails"
options = { code = 1 }
[[node]]
name = "wrong"
options = { code = 2 }
[[node]]
name = "needs"
depends_on = ["fails"]
[[node]]
name = "runs"
"""
    with small_fleet(tmp_path, table) as fleet:
        assert "3 restarts in a row" in fleet.wait_for("fails", "failed")["error"]
        row = fleet.wait_for("wrong", "failed")
        assert row["restarts"] == 0
        assert "configuration" in row["error"]
        assert "as asked" in row["error"]
        fleet.wait_for("runs", "running")
        assert fleet.rows()["needs"]["state"] == "waiting"
        status = fleet.command("status")
        assert "as asked" in status.communicate(timeout=60)[0]
        assert status.returncode == 4


@pytest.mark.long
def test_one_service_is_stopped_started_and_restarted_alone(chain: SmallFleet) -> None:
    """The others keep their processes; a stopped one stays stopped."""
    pids = {name: row["pid"] for name, row in chain.rows().items()}
    assert chain.command("stop", "middle").wait(60) == 0
    assert chain.rows()["middle"]["state"] == "stopped"
    assert chain.command("start", "middle").wait(60) == 0
    assert chain.command("restart", "last").wait(60) == 0
    now = {name: row["pid"] for name, row in chain.rows().items()}
    assert now["first"] == pids["first"]
    assert len({*pids.values(), *now.values()}) == 5


def test_several_services_are_restarted_by_one_command_or_none_is(chain: SmallFleet) -> None:
    """A name that is none is refused before anything happens."""
    pids = {name: row["pid"] for name, row in chain.rows().items()}
    assert chain.command("restart", "last", "lats").wait(60) == 2
    # One that is in the file alone does not run yet.
    chain.write(f'{CHAIN}[[node]]\nname = "new"\n')
    assert chain.command("restart", "last", "new").wait(60) == 2
    assert {name: row["pid"] for name, row in chain.rows().items()} == pids
    assert chain.command("restart", "last", "middle").wait(60) == 0
    now = {name: row["pid"] for name, row in chain.rows().items()}
    assert now["first"] == pids["first"]
    assert len({*pids.values(), *now.values()}) == 5


@pytest.mark.long
def test_reload_restarts_what_changed_and_takes_in_what_is_new(chain: SmallFleet) -> None:
    """What is gone from the file is stopped, what did not change keeps its process."""
    pids = {name: row["pid"] for name, row in chain.rows().items()}
    chain.write(
        '[[node]]\nname = "first"\n[[node]]\nname = "middle"\noptions = { seed = 1 }\n'
        '[[node]]\nname = "new"\n'
    )
    chain.ask("reload")
    chain.wait_for("new", "running")
    eventually(lambda: "last" not in chain.rows(), "the removed one to be gone")
    eventually(lambda: chain.wait_for("middle", "running")["pid"] != pids["middle"], "a restart")
    assert chain.rows()["first"]["pid"] == pids["first"]


@pytest.mark.long
def test_a_file_with_errors_reloads_nothing(chain: SmallFleet) -> None:
    """The command says what is wrong, and all goes on."""
    chain.write('[[node]]\nname = "first"\ndepends_on = ["frist"]\n')
    reload = chain.command("reload")
    said = reload.communicate(timeout=60)[0]
    assert reload.returncode == 2
    assert "frist" in said
    assert all(row["state"] == "running" for row in chain.rows().values())


@pytest.mark.long
def test_real_orders_are_asked_for_twice(tmp_path: Path) -> None:
    """A leader with live_orders is not started without --live-orders."""
    fleet = SmallFleet(tmp_path, PAIR)
    fleet.supervisor = fleet.command("run")
    fleet.wait_for("green", "running")
    assert "--live-orders" in fleet.wait_for("blue", "held")["error"]
    fleet.end()


@pytest.mark.long
def test_logs_are_bounded_while_their_writer_goes_on(tmp_path: Path) -> None:
    """Two files of the limit at most."""
    from live.fleet.supervision.processes.service_log import ServiceLog

    log = ServiceLog(tmp_path, "one", 10_000)
    fd = log.open()
    for n in range(3_000):
        os.write(fd, f"line {n}\n".encode())
        if n % 100 == 0:
            log.bound()
    os.close(fd)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2 * 11_000
    assert log.last_line() == "line 2999"


@pytest.mark.long
def test_what_a_killed_supervisor_left_is_stopped_and_nothing_is_started(tmp_path: Path) -> None:
    """``stop`` without a supervisor; a service that had ended meanwhile stays down."""
    fleet = SmallFleet(tmp_path, CHAIN)
    fleet.supervise()
    pids = {name: row["pid"] for name, row in fleet.wait_for_all().items()}
    fleet.kill_supervisor()
    os.kill(pids["last"], signal.SIGKILL)
    before = starts_of(fleet)
    said = fleet.command("run", "--only-stops").communicate(timeout=60)[0]
    assert "middle stopped" in said
    assert starts_of(fleet) == before
    for pid in pids.values():
        eventually(partial(has_ended, pid), "it to have ended")


@pytest.mark.long
def test_a_journal_that_cannot_be_used_ends_no_supervisor(chain: SmallFleet) -> None:
    """A service that is killed meanwhile waits for its restart; then all goes on."""
    journal, kept = chain.journal.path, chain.journal.path.read_bytes()
    pid = chain.rows()["middle"]["pid"]
    journal.unlink()
    journal.symlink_to(chain.folder / "elsewhere")
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
    journal.unlink()
    journal.write_bytes(kept)
    journal.chmod(0o600)
    assert chain.wait_for_all()["middle"]["pid"] != pid
    assert not (chain.folder / "elsewhere").exists()
