"""StreamHost: keeps a node running that has the data client of each venue that connects."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.common import LogLevel

from adapters.computing.computing_actor import ComputingActorConfig
from adapters.streams.hosting.health.client_log import NoLog
from adapters.streams.hosting.health.silences import Silences
from adapters.streams.hosting.health.stream_health import StreamHealth
from adapters.streams.hosting.node_parts import (
    CONNECTION_TIMEOUT_S,
    FIRST_TIMEOUT_S,
    build_stream_node,
    load_node_modules,
)
from adapters.streams.hosting.stream_actor import StreamActor
from adapters.streams.hosting.trials.venue_admission import VenueAdmission
from adapters.streams.hosting.trials.venue_trials import VenueTrials

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapters.computing.evaluation import RecordSink
    from adapters.computing.recording.market_tap import MarketTap
    from adapters.streams.hosting.health.client_log import ClientLog, TakeLine
    from adapters.streams.hosting.venue_link import VenueLink
    from dolphin_strategies.computed.factor_set import ComputedFactors

log: Final = logging.getLogger("exf")

LOOK_S: Final = 0.5
EXPIRY_LOOK_S: Final = 0.01
SILENCE_S: Final = 30.0
TOLD_S: Final = 5.0
"""A connection that is lost for this long gets a line in the log, and one when it is back."""
LOST_S: Final = 30.0
SETTLE_S: Final = 1.0
"""How long a node waits for further venues that are being tried."""
STOP_TIMEOUT_S: Final = 2.0
"""A node that still connects when the service stops is left to the end of the process."""
RESTART_S: Final = 0.5
LONGEST_RESTART_S: Final = 10.0


class StreamHost:
    """Stream from several venues, none of which can keep the others from streaming.

    One client that does not connect ends a node at its start, and clients cannot be added to a
    running node. So the node has the venues that accept connections; after a failed start each
    is rehearsed apart. A venue that was left out is tried again and again, beside the
    running node, which is built again, within about a second, when one more connects. A venue
    that is lost while the node runs is connected again by its own client.

    Parameters
    ----------
    links : sequence of VenueLink
        The venues.
    factors : ComputedFactors
        What to compute; it outlives the nodes, so that windows stay filled.
    sink : callable
        Takes the records, on the loop's thread.
    min_interval_s : float
        The shortest time between two records, seconds; 0: each burst at once.
    open_log : callable
        Opens Nautilus's log, whose lines count a client's troubles; by default there is none.
    silence_s : float
        A venue of which nothing comes for this long gets new connections, seconds.
    lost_s : float
        A client that has not connected again within this time gets a new node, if another one
        can connect, seconds.
    tap : MarketTap, optional
        Keeps the market data that the factors receive.

    Notes
    -----
    For one asyncio loop; there must be no other node on its thread.

    """

    def __init__(  # noqa: PLR0913 - what differs between services, one by one
        self,
        links: Sequence[VenueLink],
        factors: ComputedFactors,
        sink: RecordSink,
        *,
        min_interval_s: float = 0.0,
        open_log: Callable[[TakeLine], ClientLog] = NoLog,
        silence_s: float = SILENCE_S,
        lost_s: float = LOST_S,
        tap: MarketTap | None = None,
    ) -> None:
        self.health: Final = StreamHealth(links)
        self.nodes_built = 0
        self.failures = self.callback_errors = 0
        self._links: Final = {link.name: link for link in links}
        self._factors: Final = factors
        self._sink: Final = sink
        self._log: Final = open_log(self.health.take_log_line)
        self._logging: Final = self._log.config(LogLevel.OFF, is_colored=False)
        config = ComputingActorConfig(min_interval_s=min_interval_s)
        self._actor_of: Final = partial(
            StreamActor, factors, sink, config,
            health=self.health, on_error=self._on_data_error, tap=tap,
        )  # fmt: skip
        self._admission: Final = VenueAdmission(self._links)
        self._trials: Final = VenueTrials(self._links, self._admission)
        self._actor: StreamActor | None = None
        self._silences: Final = Silences(self._links, silence_s)
        self._lost_s: Final = lost_s
        self._told: Final[set[str]] = set()

    async def run(self) -> None:
        """Stream until cancelled."""
        asyncio.get_running_loop().set_exception_handler(self._on_callback_error)
        await asyncio.to_thread(load_node_modules, self._logging)
        self._log.follow(asyncio.get_running_loop())
        helpers = [asyncio.create_task(t) for t in (self._trials.run(), self._keep_expiring())]
        try:
            pause_s = RESTART_S
            while True:
                await self._wait_for_venues()
                began_s = time.monotonic()
                self._trials.forget()
                failure = await self._run_node([self._links[n] for n in self._admission.admitted])
                if not failure:
                    continue
                self.failures += 1
                log.warning("the streams' node ended: %s", failure)
                lasted_s = time.monotonic() - began_s
                pause_s = RESTART_S if lasted_s > 60 else min(pause_s * 2, LONGEST_RESTART_S)
                await asyncio.sleep(pause_s)
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    def _on_callback_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Count an error in a callback of the loop, such as a record's; the next one is made."""
        if not self.callback_errors:
            log.error("%s", context.get("message"), exc_info=context.get("exception"))
        self.callback_errors += 1

    def _on_data_error(self, error: Exception) -> None:
        """Count an error in a datum's way to the factors; the next datum is taken."""
        context = {"message": "a datum was not taken", "exception": error}
        self._on_callback_error(asyncio.get_running_loop(), context)

    def report(self) -> dict[str, Any]:
        """Return the counters for ``status``."""
        problems = self._factors.problems
        unlisted = {} if self._actor is None else self._actor.assets.problems
        return {
            "nodes_built": self.nodes_built,
            "node_failures": self.failures,
            "callback_errors": self.callback_errors,
            "problems_in_a_minute": self.health.recent.grown(problems, time.monotonic()),
            "out_of_range": {n: c for n, c in self._factors.out_of_range.items() if c},
            "venues": [
                venue.report(self._problem(name), problems)
                | {
                    "why_missing": [
                        why for n, why in unlisted.items() if n in venue.missing_names()
                    ]
                }
                for name, venue in self.health.venues.items()
            ],
        }

    def _problem(self, name: str) -> str:
        if reason := self._admission.reason(name):
            return reason
        venue = self.health.venues[name]
        if self._actor is None or not venue.sockets:
            return "connecting"
        return "" if venue.is_connected else "connection lost, connecting again"

    async def _wait_for_venues(self) -> None:
        while not self._admission.admitted:
            await self._trials.wait(SETTLE_S)

    async def _run_node(self, links: Sequence[VenueLink]) -> str:
        """Run one node to its end; return why it failed, or an empty string."""
        names = [link.name for link in links]
        log.info("streaming from %s", ", ".join(names))
        for name in names:
            self.health.venues[name].begin()
            self._silences.begin(name, time.monotonic())
        gc.collect()  # the one before must be gone: there is one node a thread
        timeout_s = CONNECTION_TIMEOUT_S if self._trials.rehearses else FIRST_TIMEOUT_S
        node: Any = build_stream_node(links, timeout_s=timeout_s, logging=self._logging)
        self.nodes_built += 1
        actor = self._actor_of(links)
        node.add_actor(actor)
        handle = node.handle()
        running = asyncio.create_task(_run_async(node))
        watching = asyncio.create_task(self._watch(actor, names))
        self._actor = actor
        try:
            await asyncio.wait((running, watching), return_when=asyncio.FIRST_COMPLETED)
            was_asked = watching.done()
            handle.stop()
            await asyncio.wait((running,))
        except asyncio.CancelledError:
            handle.stop()
            await asyncio.wait((running,), timeout=STOP_TIMEOUT_S)
            raise
        finally:
            self._actor = None
            watching.cancel()
        failure = running.result()
        node.dispose()
        if was_asked:
            return ""
        if not actor.started.is_set():
            self._doubt(names)
        return failure or "by itself"

    def _doubt(self, names: Sequence[str]) -> None:
        """Find out which of these does not connect: each is rehearsed apart."""
        self._trials.rehearses = True
        for name in names:
            self._admission.doubted(name)

    async def _watch(self, actor: StreamActor, names: Sequence[str]) -> None:
        """Return when another node is needed; look after silent and lost venues meanwhile."""
        await actor.started.wait()
        self._trials.rehearses = True
        more = asyncio.create_task(self._trials.wait(SETTLE_S))
        try:
            while not more.done():
                await asyncio.wait((more,), timeout=LOOK_S)
                for name in names:
                    self._tell(name)
                    if await self._is_stuck(name):
                        return
                    self._nudge_if_silent(actor, name)
        finally:
            more.cancel()

    def _tell(self, name: str) -> None:
        """Log a loss that lasts, and its end."""
        venue = self.health.venues[name]
        if venue.is_connected and name in self._told:
            self._told.discard(name)
            log.info("%s streams again", name)
        lost_s = time.monotonic() - venue.lost_since_s if venue.lost_since_s else 0.0
        if lost_s >= TOLD_S and name not in self._told:
            self._told.add(name)
            log.warning("%s: the connection is lost, its client connects again", name)

    async def _is_stuck(self, name: str) -> bool:
        """Return whether a venue's client has given up although the venue can be connected."""
        venue = self.health.venues[name]
        if not venue.lost_since_s or time.monotonic() - venue.lost_since_s < self._lost_s:
            return False
        venue.lost_since_s = time.monotonic()
        if not await self._trials.can_connect(name) or venue.is_connected:
            return False
        log.warning("%s: its client does not connect again by itself", name)
        return True

    def _nudge_if_silent(self, actor: StreamActor, name: str) -> None:
        venue = self.health.venues[name]
        silent_s = (time.time_ns() - venue.newest_init_ns) / 1e9
        if self._silences.speaks(name, silent_s):
            self._admission.worked(name)
        elif not venue.is_connected or not venue.is_listed:
            return
        elif self._silences.is_due(name, silent_s, time.monotonic()):
            since = f"for {silent_s:.0f} s" if venue.newest_init_ns else "yet"
            log.warning("%s: nothing has come %s, connecting anew", name, since)
            actor.renew_sockets(name)

    async def _keep_expiring(self) -> None:
        """While there is no node, end values whose input is too old, as its actor would."""
        while True:
            await asyncio.sleep(EXPIRY_LOOK_S)
            if self._actor is not None and self._actor.started.is_set():
                continue
            expiry_ns = self._factors.expiry_ns
            if expiry_ns <= time.time_ns() and self._factors.evaluate(expiry_ns):
                self._sink(self._factors.values, self._factors.ts_event, expiry_ns)


async def _run_async(node: Any) -> str:
    """Run a node to its end; return why it failed, or an empty string."""
    try:
        await node.run_async()
    except Exception as error:  # noqa: BLE001 - one venue's trouble must not end the service
        return f"{type(error).__name__}: {error}"
    return ""
