"""G07, G08: the service as a process that crashes inside, stalls, is killed and is stopped."""

from __future__ import annotations

import asyncio
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import pytest

from adapters.exf.polling.poller import RequestPoller
from adapters.shm.source import ShmSource
from dolphin_strategies import SourceState
from tests.proof.network_faults.exchange_faults import LANES
from tests.proof.network_faults.observing import suffer, unhealthy
from tests.proof.network_faults.outcomes import NEVER, Outcome
from tests.support.exchange.exf import ExfProcess, running_service
from tests.support.exchange.registries import packaged

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proof.figures import Form
    from tests.support.exchange.local_exchange import LocalExchange
    from tests.support.nodes.forkserver import ForkedProcess

STALL_S: Final = 2.0
EXIT_TIMEOUT_S: Final = 60.0


class RegionSide:
    """A reader of the service's region."""

    name = "region"
    stale = 0

    def __init__(self, region: Path) -> None:
        self.source: Final = ShmSource(region)
        self.newest_s = 0.0
        self.delivered = 0
        self.source.open(lambda: None, time.time_ns)

    def look(self) -> None:
        """Take all records."""
        while (f := self.source.read_next()) is not None:
            self.delivered += 1
            self.newest_s = f.ts_event / 1e9

    def has_noticed(self) -> bool:
        """Return whether the producer is told to be gone or silent."""
        return self.source.status().state is not SourceState.LIVE

    def has_since(self, unix_s: float) -> bool:
        """Return whether it is live with a record from after an instant."""
        return self.source.status().state is SourceState.LIVE and self.newest_s > unix_s

    def unaccounted(self) -> int:
        """Return how many records are neither delivered nor counted."""
        self.look()
        status = self.source.status()
        return abs(status.pending) + abs(status.delivered - self.delivered)


class ServiceProcess:
    """``run_exf.py run`` in one region, started again when it is gone."""

    def __init__(self, region: Path, exchange: LocalExchange) -> None:
        self.region: Final = region
        self._arguments: Final = ("--base-url", exchange.url, "--venues", "binance_usdm")
        self.process: ForkedProcess = self._started()

    def _started(self) -> ForkedProcess:
        return ExfProcess(self.region, self._arguments, is_quiet=True).process

    async def start(self) -> None:
        """Start it again, after the end of the one before."""
        await asyncio.to_thread(self.process.wait, EXIT_TIMEOUT_S)
        self.process = self._started()

    def close(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(EXIT_TIMEOUT_S)


async def process_faults(exchange: LocalExchange, form: Form) -> list[Outcome]:
    """Stall, kill and stop the service; and let the task of a source crash."""
    exchange.control(faults={})
    service = ServiceProcess(form.folder / f"exf_{uuid4().hex}", exchange)
    side = RegionSide(service.region)
    outcomes: list[Outcome] = []

    def send(number: signal.Signals) -> None:
        service.process.send_signal(number)

    try:
        if await unhealthy([side]):
            return [Outcome(fault="G07, before all faults", side=side.name, recovered_s=NEVER)]
        for _ in range(form.count(1, 5)):
            outcomes += await suffer(
                "G07 stalled for 2 s", [side], lambda: send(signal.SIGSTOP),
                lambda: send(signal.SIGCONT), STALL_S,
            )  # fmt: skip
            for number in (signal.SIGKILL, signal.SIGTERM):
                outcomes += await suffer(
                    f"G08 {number.name}, started again", [side], partial(send, number),
                    service.start, 0.0,
                )  # fmt: skip
            form.progress("G07, G08")
        outcomes.append(
            Outcome(fault="G07, G08 counted", side=side.name, uncounted=side.unaccounted())
        )
    finally:
        side.source.close()
        service.close()
    return [*outcomes, *await _crash(exchange)]


async def _crash(exchange: LocalExchange) -> list[Outcome]:
    """Let the task of a source end by an error: it is counted, and begins again."""
    lane = LANES[0]
    poll = RequestPoller.poll
    crashes: list[float] = []

    async def crash_once(self: RequestPoller) -> bool:
        if self.name == lane.source and not crashes:
            crashes.append(time.monotonic())
            raise RuntimeError("planted")
        return await poll(self)

    registry = packaged().only_venues(["binance_usdm"])
    with pytest.MonkeyPatch.context() as patch:
        async with running_service(registry, exchange.url) as running:
            await running.until_alive(lane.factor)
            patch.setattr(RequestPoller, "poll", crash_once)
            noticed_s = recovered_s = NEVER
            answers: Any = None
            while recovered_s == NEVER:
                source = running.source(lane.source)
                if noticed_s == NEVER and source["restarts"]:
                    noticed_s = time.monotonic() - crashes[0]
                    answers = source["answers"]
                if answers is not None and source["answers"] > answers:
                    recovered_s = time.monotonic() - crashes[0]
                await asyncio.sleep(0.005)
    return [
        Outcome(
            fault="G07 task crashed", side="service", noticed_s=noticed_s, recovered_s=recovered_s
        )
    ]
