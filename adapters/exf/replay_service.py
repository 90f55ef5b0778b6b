"""ReplayService: publishes recorded factors at recorded pace, instead of polled ones."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from adapters.command.percentiles import percentiles
from adapters.exf.publishing.fan_out import FanOut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapters.exf.publishing.publishers import Publisher
    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.schema import FactorSchema

KEPT_LATENESS: Final = 2048


class ReplayService:
    """Publish each record when it is due; end when the recording is over.

    Records keep their distances in time: the first is due at once, and every other one as long
    after it as in the recording. Event times are moved by the same offset, so that ages are as
    recorded. A name that a record lacks is NaN.

    Parameters
    ----------
    batches : iterable of FactorBatch
        In the order of ``ts_init``.
    schema : FactorSchema
        All names of the batches.
    publishers : sequence of Publisher
        The publishers; the caller closes them.
    speed : float
        Recorded seconds per second.

    Notes
    -----
    For one asyncio loop.

    """

    def __init__(
        self,
        batches: Iterable[FactorBatch],
        schema: FactorSchema,
        publishers: Sequence[Publisher],
        speed: float = 1.0,
    ) -> None:
        self._batches: Final = batches
        self._names: Final = schema.names
        self._fan_out: Final = FanOut(publishers)
        self._speed: Final = speed
        self._latest: dict[str, float] = dict.fromkeys(self._names, math.nan)
        self._lateness_s: Final[deque[float]] = deque(maxlen=KEPT_LATENESS)

    @property
    def ever_answered(self) -> bool:
        """Whether there was a record."""
        return self._fan_out.published > 0

    async def run(self) -> None:
        """Publish the recording to its end."""
        beat = asyncio.create_task(self._fan_out.keep_beating())
        try:
            await self._publish_all()
        finally:
            beat.cancel()

    def report(self) -> dict[str, Any]:
        """Return the counters for ``status``."""
        missing = [name for name, value in self._latest.items() if math.isnan(value)]
        return {
            **self._fan_out.report(),
            "longest_stall_s": 0.0,
            "late_ms": percentiles(self._lateness_s, 1e-3),
            "factors": {
                "total": len(self._names),
                "alive": len(self._names) - len(missing),
                "missing": missing,
            },
            "hosts": [],
            "definitions": [],
            "sources": [],
        }

    async def _publish_all(self) -> None:
        loop = asyncio.get_running_loop()
        first_ns, start_s, start_wall_ns = -1, 0.0, 0
        for batch in self._batches:
            names = batch.schema.names
            for ts_init, ts_event, row in zip(
                batch.ts_init.tolist(),
                batch.ts_event.tolist(),
                batch.values.tolist(),
                strict=True,
            ):
                if first_ns < 0:
                    first_ns, start_s, start_wall_ns = ts_init, loop.time(), time.time_ns()
                due_s = start_s + (ts_init - first_ns) / 1e9 / self._speed
                # Even without a wait, so that the heartbeat and a stop can run.
                await asyncio.sleep(max(due_s - loop.time(), 0))
                self._lateness_s.append(max(loop.time() - due_s, 0.0))
                event_ns = start_wall_ns + int((ts_event - first_ns) / self._speed)
                self._publish(dict(zip(names, row, strict=True)), event_ns)

    def _publish(self, values: dict[str, float], event_ns: int) -> None:
        self._latest = {name: values.get(name, math.nan) for name in self._names}
        self._fan_out.publish(self._latest, event_ns)
