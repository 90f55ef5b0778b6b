"""Open a Hazelcast source in a test, and wait for what it delivers."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from adapters.hazelcast_map import HazelcastSource
from tests.support.eventually import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from adapters.hazelcast_map import HazelcastSettings
    from dolphin_strategies import ExternalFactors, SourceState

ROADMAP_JSON: Final = '{"basis": 1.5, "spread": 5.0, "imbal_btc": -0.25, "_status": "ok"}'


@asynccontextmanager
async def following(settings: HazelcastSettings, **options: Any) -> AsyncIterator[HazelcastSource]:
    """Open a source, and close it afterwards."""
    source = HazelcastSource(settings, **options)
    source.open(lambda: None, time.time_ns)
    try:
        yield source
    finally:
        source.close()


async def connected(source: HazelcastSource) -> None:
    """Wait until the source has looked at its entry."""
    await eventually_async(lambda: "connected" not in source.status().reason, "a connection")


async def next_of(source: HazelcastSource) -> ExternalFactors:
    """Wait for the next record."""
    f = await eventually_async(source.read_next, "a record")
    assert f is not None
    return f


async def state_is(source: HazelcastSource, state: SourceState, reason: str = "") -> str:
    """Wait for a state; return its reason, which contains a text."""

    def holds() -> bool:
        status = source.status()
        return status.state is state and reason in status.reason

    await eventually_async(holds, f"{state} because {reason!r}, not {source.status()}")
    return source.status().reason


def run(body: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run an async test body."""
    asyncio.run(body())
