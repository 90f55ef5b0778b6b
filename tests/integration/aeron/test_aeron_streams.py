"""A stream through a real media driver: its beginning, its ends, and what is counted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.aeron_stream import AeronPublisher
from adapters.aeron_stream.messages import HEADER
from dolphin_strategies import FactorSchema, SourceState
from tests.support.aeron.lossy_line import free_udp_port
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
from tests.support.eventually import eventually, eventually_async
from tests.support.transports.regions import factor_names, values_of

if TYPE_CHECKING:
    from tests.support.aeron.media_driver import DriverProcess

pytestmark = pytest.mark.timeout(120)
GROUP = "aeron:udp?endpoint=224.20.30.41:{port}|interface=127.0.0.1"


def test_a_second_subscriber_gets_names_and_newest_record(media_driver: DriverProcess) -> None:
    """Also from a publisher that has nothing new to say."""

    async def body() -> None:
        channel = new_channel(media_driver.folder)
        with AeronPublisher(channel, NAMES) as publisher:
            async with following(channel) as first:
                heard(publisher)
                publish(publisher, 5)
                await eventually_async(lambda: first.status().published == 5, "five records")
                async with following(channel) as second:
                    assert (await next_of(second)).sequence == 5
                    assert second.schema == FactorSchema(NAMES)
                    assert second.status()[2:] == (1, 1, 0, 0)

    asyncio.run(body())


def test_a_publisher_that_starts_again_is_followed(media_driver: DriverProcess) -> None:
    """Fault H07: its end is told at once; its successor's numbers begin at 1, and none is lost."""

    async def body() -> None:
        channel = new_channel(media_driver.folder)
        async with following(channel) as source:
            with AeronPublisher(channel, NAMES) as publisher:
                heard(publisher)
                publish(publisher, 3)
                await eventually_async(lambda: source.status().published == 3, "three records")
            await state_is(source, SourceState.STALE, "the publisher has stopped")
            with AeronPublisher(channel, NAMES) as publisher:
                heard(publisher)
                publish(publisher, 2)
                await eventually_async(lambda: source.status().published == 5, "five records")
                assert source.status().state is SourceState.LIVE
                assert read_all(source) == [1, 2, 3, 1, 2]
                assert source.status().lost == 0
                assert source.counters["streams"] == 2

    asyncio.run(body())


def test_names_change_within_a_stream(media_driver: DriverProcess) -> None:
    """Fault H09: the first record with new names has them, and no batch holds two schemas."""

    async def body() -> None:
        channel = new_channel(media_driver.folder)
        async with following(channel) as source:
            with AeronPublisher(channel, NAMES) as publisher:
                heard(publisher)
                publish(publisher, 2)
                publisher.write_values(values_of(3, 5), schema=FactorSchema(factor_names(5)))
                publish(publisher, 1)
                await eventually_async(lambda: source.status().published == 4, "four records")
                first, second = source.read_batch(64), source.read_batch(64)
                assert first is not None
                assert second is not None
                assert (first.schema, first.sequence.tolist()) == (FactorSchema(NAMES), [1, 2])
                assert second.schema == source.schema == FactorSchema(factor_names(5))
                assert second.sequence.tolist() == [3, 4]
                assert second.stream_id == first.stream_id

    asyncio.run(body())


def test_new_names_of_a_mapping_are_added(media_driver: DriverProcess) -> None:
    """Fault H09: as a region's writer does: a name with a number is new, what is none is NaN."""

    async def body() -> None:
        channel = new_channel(media_driver.folder)
        async with following(channel) as source:
            with AeronPublisher(channel, ["basis"]) as publisher:
                heard(publisher)
                publisher.write({"basis": None, "funding": 2, "_note": 1.0, "9": 1.0}, 5)
                await eventually_async(lambda: source.status().published == 1, "a record")
                f = source.read_next()
                assert f is not None
                assert f["funding"] == 2.0
                assert f["basis"] != f["basis"]
                assert f.ts_event == 5
                counters = publisher.counters
                assert (counters["missing_values"], counters["skipped_names"]) == (1, 1)

    asyncio.run(body())


def test_a_second_publisher_is_refused_until_the_first_is_gone(
    media_driver: DriverProcess,
) -> None:
    """Fault H08: it is named and counted; what it published meanwhile is lost, exactly."""

    async def body() -> None:
        channel = new_channel(media_driver.folder)
        async with following(channel) as source:
            first = AeronPublisher(channel, NAMES)
            heard(first)
            publish(first, 2)
            assert [(await next_of(source)).sequence for _ in range(2)] == [1, 2]
            with AeronPublisher(channel, NAMES) as second:
                heard(second)
                publish(second, 4)
                await state_is(source, SourceState.LIVE, "is refused while")
                await eventually_async(lambda: source.counters["refused_publisher"] >= 4, "four")
                first.close()
                await eventually_async(lambda: source.status().published == 6, "the newest record")
                assert (await next_of(source)).sequence == 4
                assert source.status()[2:] == (6, 3, 0, 3)
                publish(second, 1)
                assert (await next_of(source)).sequence == 5
                await state_is(source, SourceState.LIVE)

    asyncio.run(body())


def test_a_media_driver_that_dies_is_told_and_found_again(
    own_driver: DriverProcess,
) -> None:
    """Fault H01: both ends say it and go on with the next; what was published between is lost."""

    async def body() -> None:
        channel = new_channel(own_driver.folder)
        async with following(channel) as source:
            with AeronPublisher(channel, NAMES) as publisher:
                heard(publisher)
                publish(publisher, 2)
                assert [(await next_of(source)).sequence for _ in range(2)] == [1, 2]
                own_driver.kill()
                await state_is(source, SourceState.STALE)
                await eventually_async(lambda: "driver" in publisher.problem, "the problem")
                await state_is(source, SourceState.STALE, "driver")
                publish(publisher, 3)
                assert publisher.counters["unheard"] == 3
                own_driver.start_again()
                heard(publisher)
                publish(publisher, 1)
                assert publisher.problem == ""
                await eventually_async(lambda: source.status().published == 6, "the sixth record")
                await state_is(source, SourceState.LIVE)
                # The state that follows the connection may have brought the fifth before.
                assert read_all(source)[-1] == 6
                status = source.status()
                assert status.delivered + status.lost == 6
                assert status.lost in {2, 3}
                assert source.counters["connections"] == publisher.counters["connections"] == 2

    asyncio.run(body())


def test_without_a_media_driver_both_ends_wait(own_driver: DriverProcess) -> None:
    """Fault H02: the reason names the command that starts one; nothing is raised; both close."""

    async def body() -> None:
        own_driver.stop()
        channel = new_channel(own_driver.folder)
        async with following(channel) as source:
            with AeronPublisher(channel, NAMES) as publisher:
                publish(publisher, 2)
                assert "aeron_driver.py" in await state_is(source, SourceState.WAITING, "driver")
                eventually(lambda: "aeron_driver.py" in publisher.problem, "the problem")
                assert publisher.counters["unheard"] == 2
                assert source.read_next() is None
                assert source.sleep()

    asyncio.run(body())


def test_a_group_of_receivers_gets_the_same(media_driver: DriverProcess) -> None:
    """Multicast within this machine: two subscribers, each gets every record."""

    async def body() -> None:
        channel = new_channel(media_driver.folder, GROUP.format(port=free_udp_port()))
        assert channel.is_multicast
        async with following(channel) as one, following(channel) as other:
            with AeronPublisher(channel, NAMES) as publisher:
                heard(publisher)
                for source in (one, other):
                    await state_is(source, SourceState.LIVE)
                publish(publisher, 50)
                for source in (one, other):
                    await eventually_async(lambda s=source: s.status().published == 50, "all")  # type: ignore[misc]
                    assert read_all(source) == list(range(1, 51))

    asyncio.run(body())


def test_what_is_no_message_is_refused_and_counted(media_driver: DriverProcess) -> None:
    """Fault H10: somebody else's bytes on the stream change nothing."""
    import pyaeron

    async def body() -> None:
        channel = new_channel(media_driver.folder)
        async with following(channel) as source:
            with AeronPublisher(channel, NAMES) as publisher:
                heard(publisher)
                publish(publisher, 1)
                assert (await next_of(source)).sequence == 1
                stranger = pyaeron.Aeron(dir=str(media_driver.folder / "driver"))
                stream = stranger.add_publication("aeron:ipc?term-length=8m", channel.stream_id)
                eventually(lambda: stream.offer(b"{}"), "an offer")
                eventually(lambda: stream.offer(b"x" * HEADER.size), "an offer")
                await eventually_async(lambda: source.counters["refused_messages"] == 2, "both")
                publish(publisher, 1)
                assert (await next_of(source)).sequence == 2
                stranger.close()

    asyncio.run(body())
