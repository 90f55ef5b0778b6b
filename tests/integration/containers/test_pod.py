"""The first process of the namespaces that containers share, as one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.containers.namespaces import AS_ROOT, can_run
from tests.support.eventually import eventually
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not can_run(), reason="this user may make no namespaces")

SMALL: Final = "2m"


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


@contextmanager
def pod() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run it as the first process of a namespace; give who started it, and its pid outside."""
    command = [*AS_ROOT, "--pid", "--kill-child", "--mount-proc", sys.executable]
    process = subprocess.Popen(
        [*command, "-m", "live.containers.pod"], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"pod: ")
        (pid,) = children(process.pid)
        yield process, pid
    finally:
        process.kill()
        process.wait(60)


def joined(pid: int, script: str) -> subprocess.Popen[bytes]:
    """Start a shell among the processes of a pod, as another container's."""
    enter = ["nsenter", "-t", str(pid), "-U", "-p", "--preserve-credentials"]
    return subprocess.Popen([*enter, "sh", "-c", script], stdout=subprocess.PIPE)


def test_it_outlasts_everybody_when_all_are_stopped_at_once() -> None:
    """Who takes his time after SIGTERM ends by himself, and not with the pod."""
    with pod() as (process, pid):
        slow = joined(pid, "trap 'sleep 0.5; exit 7' TERM; echo; while :; do sleep 0.05; done")
        assert slow.stdout is not None
        assert slow.stdout.readline() == b"\n"
        os.kill(pid, signal.SIGTERM)
        os.kill(children(slow.pid)[0], signal.SIGTERM)
        assert slow.wait(60) == 7
        assert process.wait(60) == 0


def test_it_takes_the_orphans_of_all() -> None:
    """Nothing of them stays as a zombie while it waits."""
    with pod() as (process, pid):
        joined(pid, "(sleep 0.05 &) ; (sleep 0.1 &)").wait(60)
        time.sleep(0.1)
        eventually(lambda: not children(pid), "no child, a zombie or not")
        os.kill(pid, signal.SIGINT)
        assert process.wait(60) == 0


def test_too_little_shared_memory_is_told_with_what_to_do() -> None:
    """By the producer, at its start; nothing of its region is left there."""
    script = (
        f"mount -t tmpfs -o size={SMALL} shm /dev/shm && {sys.executable} live/run_exf.py run "
        "--venues clock; echo $? $(ls -A /dev/shm | wc -l)"
    )
    done = subprocess.run(
        [*AS_ROOT, "--mount", "sh", "-c", script],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.stdout.split() == ["1", "0"]
    assert "needs 2,105,344 bytes in /dev/shm: No space left on device" in done.stderr
    assert "shm_size" in done.stderr
    assert "Traceback" not in done.stderr
