"""Sweeps on Ray: this machine's own cluster, and a running one of two nodes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from adapters.process.listening import listening_addresses
from tests.research.sweeping.sweeps import (
    ROOT,
    TIMEOUT_S,
    command,
    figures,
    run,
    told,
    words,
)
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.long

ONE = ("--trials", 4, "--workers", 1)
TWO = ("--trials", 8, "--workers", 2)


@contextmanager
def ended(process: subprocess.Popen[str], pids: list[int]) -> Iterator[None]:
    """End a process and those that it started, whatever happens."""
    try:
        yield
    finally:
        process.kill()
        process.wait()
        for pid in filter(lives, pids):
            os.kill(pid, signal.SIGKILL)


def lives(pid: int) -> bool:
    """Return whether a process runs."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def ends(pids: list[int], within_s: float) -> None:
    """Wait for the end of processes; fail with what still runs."""
    try:
        eventually(lambda: not any(map(lives, pids)), "the end of Ray", within_s)
    except AssertionError as error:
        left = [
            Path(f"/proc/{pid}/cmdline").read_bytes().strip(b"\0") for pid in filter(lives, pids)
        ]
        msg = f"{error}: {left} runs"
        raise AssertionError(msg) from None


def on_loopback(addresses: list[str]) -> bool:
    """Return whether others cannot reach any of the addresses."""
    return all(a.startswith(("127.", "[::1]:")) for a in addresses)


def answer(out: IO[str]) -> Any:
    """Read a line of the nodes."""
    return json.loads(out.readline())


def actors(pids: list[int]) -> list[int]:
    """Return the processes in which a trial runs now."""
    found = []
    for pid in filter(lives, pids):
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
        if title.startswith(b"ray::TrialActor.run"):
            found.append(pid)
    return found


def below(above: set[int]) -> list[int]:
    """Return the children of processes."""
    tasks = (path for pid in above for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return [int(word) for path in tasks for word in path.read_text().split()]


def guards(sweep: int) -> list[int]:
    """Return the guards of a sweep."""
    children = filter(lives, below({sweep}))
    return [p for p in children if b"ray_guard" in Path(f"/proc/{p}/cmdline").read_bytes()]


def test_two_nodes_give_the_figures_of_worker_processes_whatever_dies(
    catalog: Path, tmp_path: Path
) -> None:
    """A Ray worker dies by SIGKILL in a trial: equal figures, each trial told once.

    Both nodes, their workers and the sweep listen on loopback alone, and end.
    """
    plain, ray = tmp_path / "plain", tmp_path / "ray"
    assert run("sweep.py", *words(catalog, plain, *TWO)).returncode == 0
    nodes = subprocess.Popen(
        [sys.executable, "-m", "tests.research.sweeping.two_nodes"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    pids: list[int] = []
    with ended(nodes, pids):
        assert nodes.stdin is not None
        assert nodes.stdout is not None
        address, token, begun = answer(nodes.stdout)
        pids += begun
        raylets = {p for p in begun if "raylet" in Path(f"/proc/{p}/cmdline").read_text()[:200]}
        assert len(raylets) >= 2
        study = ray / "study.jsonl"
        sweep = subprocess.Popen(
            command("sweep.py", *words(catalog, ray, *TWO, "--ray", address)),
            cwd=ROOT,
            env=os.environ | {"RAY_AUTH_TOKEN": token},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        with ended(sweep, []):
            (victim, *_) = eventually(
                lambda: told(study) and actors(below(raylets)), "a trial that runs", TIMEOUT_S
            )
            os.kill(victim, signal.SIGKILL)
            nodes.stdin.write("look\n")
            nodes.stdin.flush()
            now, listening = answer(nodes.stdout)
            pids += now
            listening += listening_addresses(sweep.pid)
            assert sweep.wait(TIMEOUT_S) == 0, sweep.stderr and sweep.stderr.read()
        assert listening
        assert on_loopback(listening)
        refused = run(
            "sweep.py",
            *words(catalog, tmp_path / "refused", *ONE, "--ray", address),
            environment=os.environ | {"RAY_AUTH_TOKEN": "0" * 64},
        )
        assert refused.returncode == 1
        assert f"--ray {address}: no workers" in refused.stderr
        nodes.stdin.close()
        assert nodes.wait(TIMEOUT_S) == 0
        ends(pids, 30)
    assert figures(ray) == figures(plain)
    assert set(told(study).values()) == {1}


def test_a_cluster_of_the_sweep_is_on_loopback_and_ends_with_it(
    catalog: Path, tmp_path: Path
) -> None:
    """``--ray local`` gives equal figures; after SIGKILL of the sweep nothing of Ray is left.

    Even if its guard was killed before.
    """
    plain, ray = tmp_path / "plain", tmp_path / "ray"
    assert run("sweep.py", *words(catalog, plain, *ONE)).returncode == 0
    local = command("sweep.py", *words(catalog, ray, *ONE, "--ray", "local"))
    killed = subprocess.Popen(local, cwd=ROOT, stdout=subprocess.DEVNULL, text=True)
    pids: list[int] = []
    with ended(killed, pids):
        eventually(lambda: told(ray / "study.jsonl"), "a trial", TIMEOUT_S)
        (guard,) = guards(killed.pid)
        os.kill(guard, signal.SIGKILL)
        eventually(
            lambda: [p for p in guards(killed.pid) if p != guard], "another guard", TIMEOUT_S
        )
        direct = below({killed.pid})
        pids += [*direct, *below(set(direct))]
        assert pids
        killed.kill()
        ends(pids, 60)
    done = run("sweep.py", *words(catalog, ray, *ONE, "--ray", "local"))
    assert done.returncode == 0, done.stderr
    assert "with a token, listens on loopback alone: 127.0.0.1:" in done.stdout
    assert figures(ray) == figures(plain)
    assert set(told(ray / "study.jsonl").values()) == {1}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_ray_starts_ends_it_with_one_sentence(
    catalog: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """Exit code 130, no word of Ray, and nothing of it is left."""
    sweep = subprocess.Popen(
        command("sweep.py", *words(catalog, tmp_path, *ONE, "--ray", "local")),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    pids: list[int] = []
    with ended(sweep, pids):
        # The guard is started before Ray's own processes.
        eventually(lambda: len(below({sweep.pid})) > 1, "a process of Ray", TIMEOUT_S)
        direct = below({sweep.pid})
        pids += [*direct, *below(set(direct))]
        sweep.send_signal(number)
        _, said = sweep.communicate(timeout=TIMEOUT_S)
        ends(pids, 60)
    assert sweep.returncode == 130
    kept = f"0 of 4 trials are kept in {tmp_path / 'study.jsonl'}: the same command goes on"
    assert said.splitlines() == [f"sweep.py: ended by a signal; {kept}"]
