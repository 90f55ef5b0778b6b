"""Wall clocks that are set by an hour, back and forth, of a writer and of a reader."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from adapters.shm import FactorReader, FactorWriter
from tests.proof.figures import ROOT, Figure, Form, MissingToolError
from tests.support.eventually import eventually
from tests.support.nodes.set_clock import SetClock, faketime_library
from tests.support.transports.regions import new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOUR_S: Final = 3600
STEPS_S: Final = (HOUR_S, 0, -HOUR_S, 0)


def prove(form: Form) -> Iterator[Figure]:
    """Yield what the records' instants and the source's states are while the clock is set.

    Raises
    ------
    MissingToolError
        If libfaketime is not installed.

    """
    library = faketime_library()
    if library is None:
        tool, package = "libfaketime", "faketime"
        raise MissingToolError(tool, package)
    yield _writer(form, SetClock(form.folder / "writer", library))
    yield _reader(form, SetClock(form.folder / "reader", library))


@contextmanager
def _process(what: str, path: Path, clock: SetClock) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.proof.clocks.stepped_process", what, str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, env=clock.environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def _ended(process: subprocess.Popen[str]) -> dict[str, int]:
    said, _ = process.communicate(timeout=60)
    found: dict[str, int] = json.loads(said)
    return found


def _writer(form: Form, clock: SetClock) -> Figure:
    """Read every record of a writer whose clock is set."""
    path = new_region_path()
    events: list[int] = []
    ages_ns: list[int] = []
    silent_ns: list[int] = []
    try:
        with _process("produce", path, clock) as writer:
            eventually(path.exists, "the writer's region")
            with FactorReader(path) as reader:
                for step_s in STEPS_S * form.count(1, 20):
                    clock.set(step_s)
                    until = len(events) + 60
                    while len(events) < until:
                        f = reader.read_next()
                        if f is None and writer.poll() is not None:
                            msg = f"the writer ended with exit code {writer.returncode}"
                            raise RuntimeError(msg)
                        if f is None:
                            time.sleep(0.001)
                            continue
                        events.append(f.ts_event)
                        # Before the clock is read: the writer goes on meanwhile.
                        beat_ns = reader.status().heartbeat_mono_ns
                        now_ns = time.monotonic_ns()
                        ages_ns.append(now_ns - f.published_mono_ns)
                        silent_ns.append(now_ns - beat_ns)
            counters = _ended(writer)
    finally:
        remove_all_of(path)
    backwards = sum(b <= a for a, b in pairwise(events))
    hour_ns = HOUR_S * 10**9
    # Otherwise the clock was not set.
    span_ns = events[-1] - events[0]
    wrong = sum(not 0 <= ns < hour_ns // 10 for ns in (*ages_ns, *silent_ns))
    return Figure(
        id="",
        what="a writer's wall clock set by an hour, forth and back (A17): event times that went "
        "back, and ages on the monotonic clock that were wrong",
        value=f"{backwards} and {wrong} in {len(events)} records ({counters['clamped_events']} "
        "event times clamped and counted)",
        reach="0 and 0",
        is_met=backwards == wrong == 0 and span_ns >= hour_ns,
    )


def _reader(form: Form, clock: SetClock) -> Figure:
    """Follow a living writer while the follower's clock is set."""
    path = new_region_path()
    try:
        with (
            FactorWriter(path, ["a", "b"]) as writer,
            _process("follow", path, clock) as follower,
        ):
            writer.write({"a": 1.0, "b": 2.0})
            for step_s in STEPS_S * form.count(1, 20):
                clock.set(step_s)
                for _ in range(60):
                    writer.write({"a": 1.0, "b": 2.0})
                    writer.heartbeat()
                    time.sleep(0.01)
            seen = _ended(follower)
    finally:
        remove_all_of(path)
    others = {state: n for state, n in seen.items() if state not in {"LIVE", "WAITING"}}
    return Figure(
        id="",
        what="a reader's wall clock set by an hour, forth and back (A17): looks at a living "
        "writer that found it stale",
        value=f"{sum(others.values())} of {sum(seen.values())}",
        reach="0",
        is_met=not others and seen.get("LIVE", 0) > 0,
    )
