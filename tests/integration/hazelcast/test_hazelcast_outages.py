"""A member that is down, killed, mute, stopped or slow, and lines that fail."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from adapters.hazelcast_map import HazelcastPublisher, HazelcastSettings
from adapters.hazelcast_map.connection.cluster_connection import ClusterConnection
from dolphin_strategies import SourceState
from tests.support.eventually import TIMEOUT_S, eventually_async
from tests.support.lengths import long
from tests.support.transports.faulty_line import FaultyLine
from tests.support.transports.hazelcast_source import (
    ROADMAP_JSON,
    following,
    next_of,
    run,
    state_is,
)
from tests.support.transports.member import free_port

if TYPE_CHECKING:
    from tests.support.transports.member import Member


def test_f01_a_source_starts_without_a_server_and_finds_it_later(
    settings: HazelcastSettings, member: Member
) -> None:
    """Fault F01: opening returns, the reason says why, and the record comes when there is one."""

    async def body() -> None:
        port = free_port()
        absent = f"127.0.0.1:{port}"
        alone = replace(settings, members=(absent,))
        async with following(alone) as source:
            reason = await state_is(source, SourceState.WAITING, "refused")
            assert str(port) in reason
            assert source.schema is None
            assert source.read_latest() is None
        async with following(replace(settings, members=(absent, member.address))) as source:
            await state_is(source, SourceState.WAITING, "there is no value")
            member.map().set(settings.key, ROADMAP_JSON)
            assert (await next_of(source))["basis"] == 1.5

    run(body)


def test_f02_a_killed_member_comes_back_empty_and_the_source_goes_on(
    member: Member, settings: HazelcastSettings
) -> None:
    """Fault F02: stale at the kill and after the restart; then records from the publisher."""

    async def body() -> None:
        publisher = HazelcastPublisher(settings)
        async with following(settings) as source:
            publisher.write({"a": 1.0})
            assert (await next_of(source))["a"] == 1.0
            member.kill()
            await state_is(source, SourceState.STALE, "lost")
            await state_is(source, SourceState.STALE, "refused")
            assert source.status().published == 1
            member.start()
            # The publisher's state is there again: it is no record a second time.
            await state_is(source, SourceState.STALE, "no new value")
            assert source.status().published == 1
            publisher.write({"a": 2.0})
            f = await next_of(source)
            assert (f["a"], f.sequence) == (2.0, 2)
            assert source.status().state is SourceState.LIVE
            member.map().remove(settings.key)
            await state_is(source, SourceState.STALE, "there is no value")
        publisher.close()

    run(body)


def test_f02_what_was_written_while_disconnected_is_read_after_the_reconnection(
    member: Member, settings: HazelcastSettings, line: FaultyLine
) -> None:
    """Fault F02: the entry is read again, and the records that were missed are counted as lost."""

    async def body() -> None:
        publisher = HazelcastPublisher(settings)
        async with following(replace(settings, members=(line.address,), poll_s=1.0)) as source:
            publisher.write({"a": 1.0})
            await next_of(source)
            line.cut()
            await state_is(source, SourceState.STALE)
            for value in (2.0, 3.0, 4.0):
                publisher.write({"a": value})
                assert publisher.flush(10)
            line.is_cut = False
            f = await next_of(source)
            assert (f["a"], f.sequence) == (4.0, 4)
            assert source.status()[2:] == (4, 2, 0, 2)
        publisher.close()

    run(body)


@pytest.mark.parametrize("mode", ["push", long("poll")])
def test_f03_a_mute_member_is_noticed_and_left(
    settings: HazelcastSettings, member: Member, line: FaultyLine, mode: Any
) -> None:
    """Fault F03: a half-open connection is reported, given up, and made again."""

    async def body() -> None:
        entries = member.map()
        entries.set(settings.key, '{"a": 1}')
        muted = replace(settings, members=(line.address,), mode=mode, poll_s=0.05)
        async with following(muted) as source:
            await next_of(source)
            line.is_mute = True
            await state_is(source, SourceState.STALE, "no answer within 0.5 s")
            await state_is(source, SourceState.STALE, "sent nothing within")
            entries.set(settings.key, '{"a": 2}')
            line.is_mute = False
            assert (await next_of(source))["a"] == 2

    run(body)


def test_f03_a_stopped_member_is_the_same(member: Member, settings: HazelcastSettings) -> None:
    """Fault F03: SIGSTOP makes a member mute; after SIGCONT it is used again."""

    async def body() -> None:
        member.map().set(settings.key, '{"a": 1}')
        async with following(settings) as source:
            await next_of(source)
            member.signal(signal.SIGSTOP)
            try:
                await state_is(source, SourceState.STALE, "no answer")
            finally:
                member.signal(signal.SIGCONT)
            member.wait_until_ready()
            member.map().set(settings.key, '{"a": 2}')
            assert (await next_of(source))["a"] == 2

    run(body)


def test_f03_answers_that_come_late_are_not_used(
    member: Member, settings: HazelcastSettings, line: FaultyLine
) -> None:
    """Fault F03: answers of 0.8 s are counted, not delivered; when it is quick again, they are."""

    async def body() -> None:
        member.map().set(settings.key, '{"a": 1}')
        slow = replace(settings, members=(line.address,), mode="poll", poll_s=0.01)
        async with following(slow) as source:
            await next_of(source)
            line.delay_s = 0.8
            member.map().set(settings.key, '{"a": 2}')
            await state_is(source, SourceState.STALE, "no answer within 0.5 s")
            await eventually_async(lambda: source.counters["late_answers"] > 1, "late answers")
            assert source.read_next() is None
            line.delay_s = 0.0
            assert (await next_of(source))["a"] == 2
            await state_is(source, SourceState.LIVE)

    run(body)


def test_f03_members_that_hang_hide_no_other(member: Member, settings: HazelcastSettings) -> None:
    """Fault F03: of three members two are mute: one round of attempts finds the third."""
    connected, is_over, reports = threading.Event(), threading.Event(), list[str]()

    def serve(connection: ClusterConnection, entries: Any) -> None:
        connected.set()
        is_over.wait(TIMEOUT_S)

    with FaultyLine(member.port) as one, FaultyLine(member.port) as other:
        one.is_mute = other.is_mute = True
        members = (one.address, other.address, member.address)
        connection = ClusterConnection(replace(settings, members=members), serve, reports.append)
        connection.start()
        assert connected.wait(TIMEOUT_S)
        assert reports == []
        is_over.set()
        connection.close()


def test_f03_what_comes_late_without_a_time_is_not_stamped_as_new(
    member: Member, settings: HazelcastSettings, line: FaultyLine
) -> None:
    """Fault F03: events over a line of 1.5 s have the instant of the last reading in time."""

    async def body() -> None:
        entries = member.map()
        entries.set(settings.key, '{"a": 1}')
        async with following(replace(settings, members=(line.address,))) as source:
            await next_of(source)
            line.delay_s = 1.5
            await state_is(source, SourceState.STALE, "no answer within 0.5 s")
            written_ns = time.time_ns()
            entries.set(settings.key, '{"a": 2}')
            f = await next_of(source)
            assert f["a"] == 2
            assert f.ts_event < written_ns

    run(body)


def test_f12_a_source_closes_while_its_member_is_mute(
    settings: HazelcastSettings, line: FaultyLine
) -> None:
    """Fault F12: close returns, connected or not yet, and again."""

    async def body() -> None:
        for is_mute_first in (True, False):
            line.is_mute = is_mute_first
            async with following(replace(settings, members=(line.address,))) as source:
                if not is_mute_first:
                    await state_is(source, SourceState.WAITING, "there is no value")
                    line.is_mute = True
                source.close()
                source.close()

    run(body)
