"""Streams for tests: an opened source, and publishers whose values follow from their sequence."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from adapters.aeron_stream import AeronChannel, AeronPublisher, AeronSource
from tests.support.eventually import eventually, eventually_async
from tests.support.transports.regions import factor_names, is_whole, values_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from dolphin_strategies import ExternalFactors, SourceState

NAMES: Final = factor_names(3)
STREAMS: Final = count(100)


def new_channel(folder: Path, channel: str = "aeron:ipc") -> AeronChannel:
    """Return a stream of its own on a channel of a driver."""
    join = "|" if "?" in channel else "?"
    return AeronChannel.from_text(f"{channel}{join}stream-id={next(STREAMS)}|dir={folder}")


def publish(publisher: AeronPublisher, n: int) -> None:
    """Publish the next n records."""
    for _ in range(n):
        publisher.write_values(values_of(publisher.published + 1, len(publisher.schema)))


def heard(publisher: AeronPublisher) -> None:
    """Wait until a publisher has a subscriber."""
    eventually(lambda: publisher.is_heard, "a subscriber")


@asynccontextmanager
async def following(channel: AeronChannel, **options: Any) -> AsyncIterator[AeronSource]:
    """Give an open source, and close it afterwards."""
    source = AeronSource(channel, **options)
    source.open(lambda: None, time.time_ns)
    try:
        yield source
    finally:
        source.close()


async def state_is(source: AeronSource, state: SourceState, reason: str = "") -> str:
    """Wait for a state with a reason that contains a text; return the reason."""
    await eventually_async(
        lambda: source.status().state is state and reason in source.status().reason,
        f"{state} because of {reason!r}, instead of {source.status()}",
    )
    return source.status().reason


async def next_of(source: AeronSource) -> ExternalFactors:
    """Wait for the next record, whose values must follow from its sequence."""
    found: list[ExternalFactors] = []

    def take() -> bool:
        f = source.read_next()
        if f is not None:
            found.append(f)
        return bool(found)

    await eventually_async(take, "a record")
    assert is_whole(found[0])
    return found[0]


def read_all(source: AeronSource) -> list[int]:
    """Return the sequences of all records that are there, whose values must follow from them."""
    sequences = []
    while (f := source.read_next()) is not None:
        assert is_whole(f)
        sequences.append(f.sequence)
    return sequences
