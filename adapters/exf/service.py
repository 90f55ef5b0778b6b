"""ExfService: polls every source, keeps the state, publishes it; one asyncio loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from adapters.command.percentiles import percentiles
from adapters.exf.factor_state import FactorState
from adapters.exf.health_log import HealthLog
from adapters.exf.polling.venue_host import VenueHost
from adapters.exf.publishing.fan_out import FanOut
from adapters.exf.reading.pollers import pollers_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.exchanges.rest_venue import Reading
    from adapters.exf.polling.http_client import Answer, Fetcher
    from adapters.exf.polling.poller import RequestPoller
    from adapters.exf.publishing.publishers import Publisher
    from adapters.exf.reading.definition_reader import DefinitionReader
    from adapters.exf.reading.source_reader import SourceReader
    from adapters.exf.registry.factor_registry import FactorRegistry, PolledSource

log: Final = logging.getLogger("exf")

PERIOD_S: Final = 0.5
DEFINITION_PERIOD_S: Final = 60.0
RESTART_S: Final = 0.5
"""The pause after an error before the task of a source is started again."""
EXPIRY_SLACK_S: Final = 0.001
KEPT_LATENESS: Final = 2048


class ExfService:
    """The ExtF service.

    Parameters
    ----------
    registry : FactorRegistry
        The sources and factors.
    fetcher : Fetcher
        Sends the requests; its caller closes it.
    publishers : sequence of Publisher
        The publishers of the state; the caller closes them.
    hosts : mapping of str to tuple
        Venue → its base URL and the rate limit to observe (None: none).
    period_s : float
        Publish at least this often; a change is published at once.
    trusts_exchange_time : bool
        Count age from the exchange's own time where it gives one.
    publishes_all : bool
        Give publishers the intermediate factors too, whose names begin with ``_``.
    definition_period_s : float
        How often the definitions of instruments are asked for, seconds.

    Notes
    -----
    For one asyncio loop. No source waits for another, and none is ended by an error.

    """

    def __init__(  # noqa: PLR0913 - the parts of the service by name
        self,
        registry: FactorRegistry,
        fetcher: Fetcher,
        publishers: Sequence[Publisher],
        *,
        hosts: Mapping[str, tuple[str, float | None]],
        period_s: float = PERIOD_S,
        trusts_exchange_time: bool = True,
        publishes_all: bool = False,
        definition_period_s: float = DEFINITION_PERIOD_S,
    ) -> None:
        self.registry: Final = registry
        self._fan_out: Final = FanOut(publishers)
        self._period_s: Final = period_s
        self._state: Final = FactorState(registry)
        self._values: Final = self._state.all_values if publishes_all else self._state.values
        self._lateness_s: Final[deque[float]] = deque(maxlen=KEPT_LATENESS)
        self._hosts: Final = {
            name: VenueHost(name, url, limit, time.monotonic)
            for name, (url, limit) in hosts.items()
        }
        self._polled: Final = pollers_of(
            registry,
            fetcher,
            self._hosts,
            self._lateness_s,
            on_reading=self._on_reading,
            on_bad_body=self._on_bad_body,
            trusts_exchange_time=trusts_exchange_time,
            definition_period_s=definition_period_s,
        )
        self._health: Final = {reader.source.key: reader.health for reader in self._polled.sources}
        self._health_log: Final = HealthLog(self._polled.sources)
        self._timer: asyncio.TimerHandle | None = None
        self._stall_s = 0.0

    @property
    def publish_errors(self) -> Mapping[str, int]:
        """The number of failures of each publisher, and of its heartbeat."""
        return self._fan_out.errors

    @property
    def ever_answered(self) -> bool:
        """Whether any source has given a usable answer since the start."""
        # This machine's clock answers without any exchange.
        hosts = [h for key, h in self._health.items() if not key.startswith("clock/")]
        return any(health.answers for health in hosts or self._health.values())

    async def run(self) -> None:
        """Poll and publish until cancelled."""
        self._publish()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._fan_out.keep_beating(self._on_late))
                tasks.create_task(self._health_log.run())
                for poller in self._polled.pollers:
                    tasks.create_task(self._keep_polling(poller))
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def report(self) -> dict[str, Any]:
        """Return the counters for ``status``."""
        now_ns = time.monotonic_ns()
        names = self.registry.schema.names
        missing = [factor.name for factor in self._state.missing(now_ns)]
        return {
            **self._fan_out.report(),
            "longest_stall_s": round(self._stall_s, 3),
            "late_ms": percentiles(self._lateness_s, 1e-3),
            "factors": {
                "total": len(names),
                "alive": len(names) - len(missing),
                "missing": missing,
            },
            "hosts": [self._host_report(host) for host in self._hosts.values()],
            "definitions": [
                self._definition_report(reader) for reader in self._polled.definitions
            ],
            "sources": [self._source_report(reader, now_ns) for reader in self._polled.sources],
        }

    def _host_report(self, host: VenueHost) -> dict[str, Any]:
        skew = host.skew
        return {
            "venue": host.name,
            "base_url": host.base_url,
            "skew_ms": round(skew.skew_ns / 1e6, 1) if skew.is_known else None,
            "skew_uncertainty_ms": round(skew.uncertainty_ns / 1e6, 1) if skew.is_known else None,
            "rate_limited": host.rate_limited,
            "pause_left_s": round(host.pause_left_s, 1),
            "budget_left": None if host.budget_left is None else round(host.budget_left, 1),
        }

    def _source_report(self, reader: SourceReader, now_ns: int) -> dict[str, Any]:
        alive, total = self._state.alive_of(reader.source, now_ns)
        return {
            "source": reader.source.key,
            "url": str(self._polled.requests[reader.source.key].now().url),
            "period_s": reader.source.period_s,
            "factors_alive": alive,
            "factors": total,
            **reader.health.report(),
        }

    def _definition_report(self, reader: DefinitionReader) -> dict[str, Any]:
        instruments = [r.instrument for r in self._polled.sources if r.definition is reader]
        symbols = {i.symbol for i in instruments if i.symbol}
        why = {symbol: reader.why_unusable(symbol) for symbol in sorted(symbols)}
        why |= {i.source.asset: i.problem for i in instruments if i.problem}
        return {
            "definition": reader.key,
            "symbols": sorted(symbols),
            "assets": {
                i.source.asset: {"symbol": i.symbol, "usual": i.source.symbol, "units": i.units}
                for i in instruments
                if i.source.asset
            },
            "assumed": reader.is_assumed,
            "unusable": {symbol: reason for symbol, reason in why.items() if reason},
            **reader.health.report(),
        }

    def _on_reading(
        self, source: PolledSource, reading: Reading, answer: Answer, age_ns: int
    ) -> None:
        accepted = self._state.accept(source, reading, answer.received_mono_ns, age_ns)
        if accepted.refused:
            notes = tuple(("body", problem) for problem in reading.problems)
            self._health[source.key].refused((*notes, *accepted.refused), answer.body)
        if accepted.changed:
            self._publish()

    def _on_bad_body(self, source: PolledSource) -> None:
        if self._state.reject(source, time.monotonic_ns()):
            self._publish()

    def _publish(self) -> None:
        now_ns = time.monotonic_ns()
        self._fan_out.publish(self._values(now_ns), time.time_ns())
        self._set_timer(now_ns)

    def _set_timer(self, now_ns: int) -> None:
        """Publish again after a period, or as soon as a value becomes too old."""
        delay_s = self._period_s
        if expiry_ns := self._state.next_expiry_ns(now_ns):
            # Slightly longer, so that the value is too old by then.
            delay_s = min(delay_s, (expiry_ns - now_ns) / 1e9 + EXPIRY_SLACK_S)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._publish)

    def _on_late(self, late_s: float) -> None:
        self._stall_s = max(self._stall_s, late_s)

    async def _keep_polling(self, poller: RequestPoller) -> None:
        while True:
            try:
                await poller.run()
            except Exception:
                log.exception("%s: its task failed and is started again", poller.name)
                poller.restarted()
            await asyncio.sleep(RESTART_S)
