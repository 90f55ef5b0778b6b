"""The service inside a test, against a local exchange; and as a process."""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import time
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from adapters.exf.polling import poller
from adapters.exf.polling.http_client import DEADLINE_S, Fetcher
from adapters.exf.service import ExfService
from adapters.shm import FactorReader, RegionError
from tests.support.eventually import eventually, eventually_async
from tests.support.nodes.forkserver import ForkedProcess, run_forked
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from pathlib import Path

    from adapters.exf.publishing.publishers import Publisher
    from adapters.exf.registry.factor_registry import FactorRegistry

SCRIPT: Final = ROOT / "live" / "run_exf.py"
PATIENT_DEADLINE_S: Final = 30.0
"""Of a request, where another failure than a late answer is tested."""


class MemoryPublisher:
    """Keeps what is published, with the moment (monotonic nanoseconds)."""

    name = "memory"

    def __init__(self) -> None:
        self.records: list[tuple[int, dict[str, float]]] = []
        self.beats = 0
        self.beats_before: list[int] = []
        """The number of heartbeats before each record."""

    def publish(self, factors: Mapping[str, float], ts_event_ns: int) -> None:
        self.records.append((time.monotonic_ns(), dict(factors)))
        self.beats_before.append(self.beats)

    def heartbeat(self) -> None:
        self.beats += 1

    def close(self) -> None:
        return

    @property
    def latest(self) -> dict[str, float]:
        """The newest values."""
        return self.records[-1][1]


class RunningService:
    """A service of a test and what it publishes."""

    def __init__(self, service: ExfService, memory: MemoryPublisher) -> None:
        self.service: Final = service
        self.memory: Final = memory

    def source(self, key: str) -> dict[str, Any]:
        """Return what ``status`` says of a source."""
        found: dict[str, Any]
        found = next(s for s in self.service.report()["sources"] if s["source"] == key)
        return found

    def host(self, venue: str) -> dict[str, Any]:
        """Return what ``status`` says of a venue."""
        found: dict[str, Any]
        found = next(h for h in self.service.report()["hosts"] if h["venue"] == venue)
        return found

    def value(self, name: str) -> float:
        """Return the newest published value."""
        return self.memory.latest[name]

    def answers(self, key: str) -> int:
        """Return how many usable answers a source has had."""
        return int(self.source(key)["answers"])

    async def until_answered(self, key: str, more: int) -> None:
        """Wait until a source has had so many more usable answers."""
        least = self.answers(key) + more
        await eventually_async(lambda: self.answers(key) >= least, f"answers of {key}")

    async def until_alive(self, *names: str) -> None:
        """Wait until these factors have values."""
        await eventually_async(
            lambda: all(self.value(n) == self.value(n) for n in names),
            f"values of {names}",
        )

    async def until_missing(self, *names: str) -> None:
        """Wait until these factors have none."""
        await eventually_async(
            lambda: all(self.value(n) != self.value(n) for n in names),
            f"no values of {names}",
        )


@asynccontextmanager
async def running_service(
    registry: FactorRegistry,
    url: str,
    *,
    urls: Mapping[str, str] | None = None,
    limits: Mapping[str, float] | None = None,
    before: Sequence[Publisher] = (),
    is_patient: bool = False,
    **options: Any,
) -> AsyncIterator[RunningService]:
    """Run a service in this loop; ``urls`` and ``limits`` are of single venues, ``before``
    are publishers that are told before the test's own. A patient one waits for an answer beyond
    the period of its source, so that no answer is late on a loaded machine.
    """
    used = {source.venue for source in registry.sources}
    hosts = {name: ((urls or {}).get(name, url), (limits or {}).get(name)) for name in used}
    memory = MemoryPublisher()
    deadline_s = PATIENT_DEADLINE_S if is_patient else DEADLINE_S
    async with Fetcher(deadline_s=deadline_s) as fetcher:
        with pytest.MonkeyPatch.context() as patch:
            if is_patient:
                patch.setattr(poller, "DEADLINE_SHARE", math.inf)
            service = ExfService(registry, fetcher, [*before, memory], hosts=hosts, **options)
        task = asyncio.create_task(service.run())
        await eventually_async(lambda: memory.records or task.done(), "the first record")
        try:
            yield RunningService(service, memory)
            assert not task.done(), "the service ended by itself"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def run_exf(
    *arguments: object, timeout_s: float = 240, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run a command of run_exf.py to its end."""
    return run_forked(SCRIPT, *arguments, timeout_s=timeout_s, cwd=cwd, env=environment())


def environment() -> dict[str, str]:
    """Return an environment in which the project's folder need not be the working directory."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def status_of(region: Path) -> dict[str, Any]:
    """Return ``run_exf.py status --json``."""
    found: dict[str, Any] = json.loads(run_exf("status", "--json", "--region", region).stdout)
    return found


class ExfProcess:
    """A running ``run_exf.py run``."""

    def __init__(
        self, region: Path, arguments: Sequence[object], *, is_quiet: bool = False
    ) -> None:
        self.region: Final = region
        self.process: Final = ForkedProcess(
            [SCRIPT, "run", "--region", region, *arguments],
            stderr=subprocess.DEVNULL if is_quiet else 2,
            env=environment(),
        )

    def until_alive(self, alive: int) -> None:
        """Wait until so many factors have values."""
        eventually(lambda: self.alive() >= alive, f"{alive} factors alive")

    def alive(self) -> int:
        """Return how many factors have values, by the service's own last word."""
        try:
            status = json.loads(
                (
                    self.region.with_name(self.region.name + ".service.d") / "status.json"
                ).read_text()
            )
        except (FileNotFoundError, json.JSONDecodeError):
            assert self.process.poll() is None, "the service ended"
            return 0
        return int(status["factors"]["alive"]) if status["state"] == "running" else 0


@contextmanager
def exf_process(region: Path, *arguments: object, is_quiet: bool = False) -> Iterator[ExfProcess]:
    """Run the service, quiet without its log, and see to it that it ends."""
    running = ExfProcess(region, arguments, is_quiet=is_quiet)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.process.wait(240)


def attached(region: Path) -> FactorReader:
    """Return a reader of a region that is about to be made."""

    def attach() -> FactorReader | None:
        try:
            return FactorReader(region)
        except RegionError:
            return None

    found = eventually(attach, "the region")
    assert found is not None
    eventually(found.latest, "a record")
    return found
