"""Aeron over lines that lose, delay and are cut."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.aeron_stream import AeronChannel, AeronPublisher
from dolphin_strategies import SourceState
from tests.support.aeron.lossy_line import LossyLine, free_udp_port
from tests.support.aeron.streams import (
    NAMES,
    following,
    heard,
    new_channel,
    next_of,
    publish,
    read_all,
    state_is,
)
from tests.support.eventually import eventually_async

if TYPE_CHECKING:
    from tests.support.aeron.media_driver import DriverProcess

pytestmark = pytest.mark.timeout(120)


def test_records_cross_a_line_that_loses_and_delays(media_driver: DriverProcess) -> None:
    """Fault H05: a twentieth of all packets is lost, both ways: all records arrive, in order."""

    async def body() -> None:
        port = free_udp_port()
        with LossyLine(port, delay_s=0.001) as line:
            ends = new_channel(media_driver.folder, f"aeron:udp?endpoint=127.0.0.1:{port}")
            begins = AeronChannel.from_text(
                f"aeron:udp?endpoint={line.endpoint}|stream-id={ends.stream_id}"
                f"|dir={media_driver.folder}"
            )
            async with following(ends) as source:
                with AeronPublisher(begins, NAMES) as publisher:
                    heard(publisher)
                    line.loss = 0.05
                    for _ in range(200):
                        publish(publisher, 5)
                        await asyncio.sleep(0.002)
                    await eventually_async(lambda: source.status().published == 1000, "all")
                    assert read_all(source) == list(range(1, 1001))
                    assert source.status().lost == 0
                    assert line.dropped > 10

    asyncio.run(body())


def test_a_line_that_is_cut_is_told_and_the_loss_counted(media_driver: DriverProcess) -> None:
    """Fault H06: longer than the publisher waits: what it cannot send is lost, by its number."""

    async def body() -> None:
        port = free_udp_port()
        with LossyLine(port) as line:
            ends = new_channel(media_driver.folder, f"aeron:udp?endpoint=127.0.0.1:{port}")
            begins = AeronChannel.from_text(
                f"aeron:udp?endpoint={line.endpoint}|stream-id={ends.stream_id}"
                f"|dir={media_driver.folder}"
            )
            async with following(ends) as source:
                with AeronPublisher(begins, NAMES) as publisher:
                    heard(publisher)
                    publish(publisher, 2)
                    assert [(await next_of(source)).sequence for _ in range(2)] == [1, 2]
                    line.loss = 1.0
                    await state_is(source, SourceState.STALE, "no message for")
                    await eventually_async(lambda: not publisher.is_heard, "that nobody hears")
                    publish(publisher, 3)
                    line.loss = 0.0
                    heard(publisher)
                    publish(publisher, 1)
                    await eventually_async(lambda: source.status().published == 6, "the sixth")
                    await state_is(source, SourceState.LIVE)
                    status = source.status()
                    assert read_all(source)[-1] == 6
                    assert status.lost in {2, 3}

    asyncio.run(body())
