"""Subscribers that die or stop: what the others get, and what is counted."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from adapters.aeron_stream import AeronPublisher
from adapters.process.child import Child, module_command
from dolphin_strategies import FactorSchema
from tests.support.aeron.counting_subscriber import READY
from tests.support.aeron.lossy_line import free_udp_port
from tests.support.aeron.streams import following, heard, new_channel, publish
from tests.support.eventually import eventually, eventually_async
from tests.support.transports.regions import factor_names, is_whole, values_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.aeron_stream import AeronChannel
    from tests.support.aeron.media_driver import DriverProcess

pytestmark = pytest.mark.timeout(120)
NAMES: Final = factor_names(512)
RECORDS: Final = 6_000
"""Times 4 kB: more than the window of 4 MB and all that the publisher keeps waiting."""
BURST: Final = 20
PAUSE_S: Final = 0.002
STOPPED_S: Final = 4.0
"""Twice the time after which a driver gives up a client."""
CHANNELS: Final = {
    "ipc": "aeron:ipc",
    "udp": "aeron:udp?endpoint=127.0.0.1:{port}",
    "group": "aeron:udp?endpoint=224.20.30.41:{port}",
}


@contextmanager
def other_subscriber(channel: AeronChannel) -> Iterator[Child]:
    """Give a subscriber in a process of its own, ended whatever state it is in."""
    options = "|".join(f"{name}={value}" for name, value in channel.options)
    text = (
        f"aeron:{channel.media}?{options}{'|' if options else ''}"
        f"stream-id={channel.stream_id}|dir={channel.directory}"
    )
    child = Child(module_command("tests.support.aeron.counting_subscriber", text))
    try:
        child.wait_for(lambda line: READY in line, 60.0, "the subscriber")
        yield child
    finally:
        child.kill()


def counts_of(child: Child) -> dict[str, Any]:
    """Ask a subscriber for its counts."""
    child.send("count")
    lines = eventually(lambda: child.lines(1.0), "the counts")
    assert lines is not None
    return dict(json.loads(lines[-1]))


@pytest.mark.parametrize(
    ("media", "blow"),
    [
        ("ipc", signal.SIGKILL),
        ("udp", signal.SIGSTOP),
        *(
            pytest.param(media, blow, marks=pytest.mark.long)
            for media, blow in (
                ("ipc", signal.SIGSTOP),
                ("udp", signal.SIGKILL),
                ("group", signal.SIGSTOP),
                ("group", signal.SIGKILL),
            )
        ),
    ],
)
def test_a_dead_or_stopped_subscriber_costs_the_others_nothing(
    media_driver: DriverProcess, media: str, blow: signal.Signals
) -> None:
    """Fault H03: several windows are published meanwhile: the other gets each record; with Aeron's
    defaults it would get none after the first window, and the publisher would run out of room. One
    that is stopped and goes on has lost some, and has counted each.
    """

    async def body() -> None:
        channel = new_channel(media_driver.folder, CHANNELS[media].format(port=free_udp_port()))
        async with following(channel, capacity=RECORDS) as source:
            with AeronPublisher(channel, NAMES) as publisher:
                heard(publisher)
                with other_subscriber(channel) as victim:
                    publisher.write_values(values_of(1, len(NAMES)))
                    eventually(lambda: counts_of(victim)["published"] == 1, "the first record")
                    os.kill(victim.pid, blow)
                    values = np.array(values_of(1, len(NAMES)))
                    for n in range(2, RECORDS + 1):
                        values[:] = values_of(n, len(NAMES))
                        publisher.write_values(values)
                        if n % BURST == 0:
                            source.status()  # takes what is there
                            await asyncio.sleep(PAUSE_S)
                    await eventually_async(
                        lambda: source.status().published == RECORDS, "all records"
                    )
                    counters = publisher.counters
                    assert (counters["dropped"], counters["unheard"]) == (0, 0)
                    assert source.status().lost == 0
                    batch = source.read_batch(RECORDS)
                    assert batch is not None
                    assert batch.sequence.tolist() == list(range(1, RECORDS + 1))
                    assert all(is_whole(f) for f in batch[::100].records())
                    if blow == signal.SIGSTOP:
                        os.kill(victim.pid, signal.SIGCONT)
                        eventually(
                            lambda: counts_of(victim)["published"] == RECORDS, "the newest record"
                        )
                        counts = counts_of(victim)
                        assert counts["lost"] > 0
                        assert counts["delivered"] + counts["lost"] == RECORDS

    asyncio.run(body())


@pytest.mark.long
@pytest.mark.parametrize("media", CHANNELS)
def test_a_subscriber_that_was_stopped_for_long_connects_again(
    media_driver: DriverProcess, media: str
) -> None:
    """Fault H03: longer than the driver keeps a silent client: it goes on, and every record is
    accounted for.
    """
    channel = new_channel(media_driver.folder, CHANNELS[media].format(port=free_udp_port()))
    with (
        AeronPublisher(channel, factor_names(3)) as publisher,
        other_subscriber(channel) as victim,
    ):
        heard(publisher)
        publish(publisher, 1)
        eventually(lambda: counts_of(victim)["published"] == 1, "the first record")
        os.kill(victim.pid, signal.SIGSTOP)
        time.sleep(STOPPED_S)
        publish(publisher, 5)
        os.kill(victim.pid, signal.SIGCONT)
        eventually(lambda: counts_of(victim)["published"] == 6, "the newest record")
        publish(publisher, 2)
        eventually(lambda: counts_of(victim)["published"] == 8, "what comes after it")
        counts = counts_of(victim)
        assert counts["delivered"] + counts["lost"] == 8
        assert counts["delivered"] >= 2


def test_what_has_no_room_is_dropped_and_counted(media_driver: DriverProcess) -> None:
    """Fault H04: the only subscriber does not read: it is set aside in the end, and learns what it
    lost.
    """

    async def body() -> None:
        channel = new_channel(media_driver.folder)
        async with following(channel, capacity=1 << 16) as source:
            with AeronPublisher(channel, NAMES) as publisher:
                heard(publisher)
                for n in range(1, RECORDS + 1):
                    publisher.write_values(values_of(n, len(NAMES)))
                assert publisher.published == RECORDS
                await eventually_async(
                    lambda: source.status().published == RECORDS, "the newest record"
                )
                status, counters = source.status(), publisher.counters
                assert source.schema == FactorSchema(NAMES)
                kinds = ("sent", "unheard", "dropped", "waiting")
                assert sum(counters[kind] for kind in kinds) == RECORDS
                assert counters["dropped"] + counters["unheard"] <= status.lost
                batch = source.read_batch(1 << 16)
                assert batch is not None
                assert len(batch) + status.lost == RECORDS

    asyncio.run(body())
