"""A state's file: whole at every instant, held by one process, which the kernel names."""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path

import pytest

from adapters.process.byte_lock import try_lock
from adapters.process.safe_files import UnusableFileError, open_file, open_or_make
from adapters.run_state.process_identity import ProcessIdentity, is_stopped
from adapters.run_state.state_file import (
    MOST_BYTES,
    SLOT_BYTES,
    StateHeldError,
    StateReader,
    StateWriter,
)
from adapters.run_state.state_report import StateReport, StateUnusableError
from tests.support.eventually import eventually
from tests.support.lengths import counts, long
from tests.support.nodes.processes import child


def reader(path: Path) -> StateReader:
    """Open a state to read."""
    return StateReader(open_file(path, os.O_RDONLY), path)


def writer(path: Path) -> StateWriter:
    """Open a state to write."""
    return StateWriter(open_or_make(path), path)


def write_for_ever(path: str) -> None:
    """Write contents of different lengths, each of one byte that its length tells."""
    state = writer(Path(path))
    length = 0
    state.write(b"")
    print("writing", flush=True)
    while True:
        length = (length * 7 + 1) % 60_000
        state.write(bytes([length % 251]) * length)


def hold(path: str) -> None:
    """Hold a state until the input ends."""
    state = writer(Path(path))
    state.write(b"held")
    print("held", flush=True)
    input()


def test_a_reader_finds_the_newest_content(tmp_path: Path) -> None:
    """And none before the first; the counter goes on in the next run."""
    path = tmp_path / "state"
    with writer(path) as first:
        assert first.earlier is None
        assert reader(path).newest() is None
        for n in range(5):
            first.write(b"%d" % n)
            assert reader(path).newest() == (n + 1, b"%d" % n)
    with writer(path) as second:
        assert second.earlier == (5, b"4")
        second.write(b"again")
        assert reader(path).newest() == (6, b"again")
    assert path.stat().st_mode & 0o777 == 0o600


@counts("kills", 8, long=1000)
def test_a_killed_writer_leaves_a_whole_content(tmp_path: Path, kills: int) -> None:
    """Fault D02: SIGKILL in the midst of writes of up to 60 kB, read all the time."""
    path = tmp_path / "state"
    for n in range(kills):
        with child(write_for_ever, path) as running:
            assert running.line() == "writing"
            state = reader(path)
            until_s = time.monotonic() + 0.002 * (n % 10)
            while time.monotonic() < until_s:
                if (found := state.newest()) is not None:
                    assert found.content == found.content[:1] * len(found.content)
            running.signal(signal.SIGKILL)
            running.wait()
        assert state.holder() == 0
        last = state.newest()
        assert last is not None
        assert last.content == bytes([len(last.content) % 251]) * len(last.content)
        state.close()


def test_the_kernel_names_the_process_that_writes(tmp_path: Path) -> None:
    """Fault D02: while it lives; a second one is refused with its pid."""
    path = tmp_path / "state"
    with child(hold, path) as running:
        assert running.line() == "held"
        state = reader(path)
        assert state.holder() == running.pid
        with pytest.raises(StateHeldError, match=f"process {running.pid}"):
            writer(path)
        running.kill()
        eventually(lambda: state.holder() == 0, "the lock to end with the process")
    with writer(path) as after:
        assert after.earlier is not None


def test_a_forked_child_does_not_hold_its_parents_state(tmp_path: Path) -> None:
    """The lock ends with the process that took it, whatever it forked."""
    path = tmp_path / "state"
    with child(fork_and_hold, path) as running:
        forked = int(running.line())
        state = reader(path)
        assert state.holder() == running.pid
        running.kill()
        assert state.holder() == 0
        os.kill(forked, signal.SIGKILL)


def fork_and_hold(path: str) -> None:
    """Fork a child that lives longer, with the state open in both."""
    _state = writer(Path(path))
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    print(pid, flush=True)
    time.sleep(60)


def test_damaged_slots_are_passed_over(tmp_path: Path) -> None:
    """Each flipped byte of the newer slot gives the older one; of both, nothing."""
    path = tmp_path / "state"
    with writer(path) as state:
        state.write(b"older")
        state.write(b"newer")
    content = bytearray(path.read_bytes())
    for at in range(24 + len(b"newer")):
        content[at] ^= 1
        path.write_bytes(content)
        assert reader(path).newest() == (1, b"older")
        content[at] ^= 1
    for at in (0, SLOT_BYTES):
        content[at] ^= 1
    path.write_bytes(content)
    assert reader(path).newest() is None


def test_a_content_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    """It is refused, and the previous one stays."""
    with writer(tmp_path / "state") as state:
        state.write(b"x" * MOST_BYTES)
        with pytest.raises(ValueError, match="content"):
            state.write(b"x" * (MOST_BYTES + 1))
        newest = reader(tmp_path / "state").newest()
        assert newest is not None
        assert len(newest.content) == MOST_BYTES


def test_a_holder_without_a_pid_here_is_a_holder(tmp_path: Path) -> None:
    """As one in another container: somebody writes, and nobody may take the state for free."""
    path = tmp_path / "state"
    fd = open_or_make(path)
    assert try_lock(fd)
    assert reader(path).holder() == -1
    with pytest.raises(StateHeldError, match="process unknown"):
        writer(path)
    os.close(fd)
    writer(path).close()


def test_the_room_for_all_writes_is_taken_at_the_start(tmp_path: Path) -> None:
    """So that a full /dev/shm does not silence a node, which would then be taken for hanging."""
    path = tmp_path / "state"
    with writer(path):
        assert path.stat().st_blocks * 512 >= 2 * SLOT_BYTES


def test_without_room_the_start_is_refused(tmp_path: Path) -> None:
    """With the number of bytes, and before anything runs."""
    with child(start_without_room, tmp_path / "state") as running:
        assert "it takes 131,072 bytes" in running.line()


def start_without_room(path: str) -> None:
    """Try to write a state where no file may be as large."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        StateReport(Path(path), open_or_make, print)
    except StateUnusableError as error:
        print(error, flush=True)


def test_a_counter_that_was_made_up_has_not_the_last_word(tmp_path: Path) -> None:
    """The next run writes, and is read."""
    path = tmp_path / "state"
    with writer(path) as forger:
        forger._counter = (1 << 64) - 2
        forger.write(b"made up")
    with writer(path) as state:
        assert state.earlier is None
        state.write(b"real")
        assert reader(path).newest() == (1, b"real")


@pytest.mark.parametrize("kind", ["link", long("hard link"), long("folder"), long("fifo")])
def test_what_is_no_file_of_ours_is_refused(tmp_path: Path, kind: str) -> None:
    """To write and to read; the file behind a link is untouched."""
    path, victim = tmp_path / "state", tmp_path / "victim"
    victim.write_text("precious")
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "hard link":
        path.hardlink_to(victim)
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    for opened in (writer, reader):
        with pytest.raises(UnusableFileError):
            opened(path)
    assert victim.read_text() == "precious"


def test_a_process_is_told_from_one_with_the_same_pid(tmp_path: Path) -> None:
    """By its start and the boot, and a stopped one from one that goes on."""
    with child(hold, tmp_path / "state") as running:
        running.line()
        own = ProcessIdentity.own()
        assert own.is_running()
        assert not ProcessIdentity(own.pid, own.start_ticks + 1, own.boot_id).is_running()
        assert not ProcessIdentity(own.pid, own.start_ticks, "another boot").is_running()
        assert not is_stopped(running.pid)
        running.signal(signal.SIGSTOP)
        eventually(lambda: is_stopped(running.pid), "the process to stop")
