"""An entry that is removed, evicted, expires, or whose map is cleared, on a real member."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from adapters.hazelcast_map import HazelcastPublisher, HazelcastSource
from dolphin_strategies import SourceState
from tests.support.eventually import eventually_async
from tests.support.transports.hazelcast_source import (
    connected,
    following,
    next_of,
    run,
    state_is,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.hazelcast_map import HazelcastSettings
    from tests.support.transports.faulty_line import FaultyLine
    from tests.support.transports.member import Member

TEXT: Final = '{"a": 1}'
NO_VALUE: Final = "there is no value under this key"
TTL_S: Final = 1
WAYS: Final[dict[str, Callable[[Any, str], object]]] = {
    "it was removed": lambda entries, key: entries.remove(key),
    "it was evicted": lambda entries, key: entries.evict(key),
    "it expired": lambda entries, key: entries.set_ttl(key, TTL_S),
    "the map was cleared": lambda entries, _: entries.clear(),
    "all of the map was evicted": lambda entries, _: entries.evict_all(),
}


def published(source: HazelcastSource) -> int:
    """Return how many records there were, after checking that none is unread."""
    status = source.status()
    assert status.pending == 0
    return status.published


async def returns(source: HazelcastSource, entries: Any, key: str) -> None:
    """Write the same value again and a newer one: each is a record, and the source is live."""
    before = published(source)
    entries.set(key, TEXT)
    assert (await next_of(source))["a"] == 1
    await state_is(source, SourceState.LIVE)
    entries.set(key, '{"a": 2}')
    assert (await next_of(source))["a"] == 2
    await state_is(source, SourceState.LIVE)
    assert published(source) == before + 2


@pytest.mark.parametrize("how", WAYS)
def test_an_entry_that_goes_is_stale_when_it_is_heard(
    member: Member, settings: HazelcastSettings, how: str
) -> None:
    """Fault F05: the reason states the event; no record of it; live again with its return."""

    async def body() -> None:
        entries = member.map()
        entries.set(settings.key, TEXT)
        async with following(replace(settings, poll_s=1.0)) as source:
            assert (await next_of(source))["a"] == 1
            WAYS[how](entries, settings.key)
            await state_is(source, SourceState.STALE, f"{NO_VALUE}: {how}")
            assert source.read_next() is None
            assert published(source) == 1
            await returns(source, entries, settings.key)

    run(body)


@pytest.mark.parametrize("how", WAYS)
def test_an_entry_that_goes_is_stale_when_it_is_not_heard(
    member: Member, settings: HazelcastSettings, how: str
) -> None:
    """Fault F05: with readings only: the next one finds it, and later its return."""

    async def body() -> None:
        entries = member.map()
        entries.set(settings.key, TEXT)
        async with following(replace(settings, mode="poll", poll_s=0.01)) as source:
            assert (await next_of(source))["a"] == 1
            WAYS[how](entries, settings.key)
            reason = await state_is(source, SourceState.STALE, NO_VALUE)
            assert reason.endswith(NO_VALUE)
            assert source.read_next() is None
            assert published(source) == 1
            await returns(source, entries, settings.key)

    run(body)


@pytest.mark.parametrize("how", WAYS)
def test_an_entry_that_goes_while_nobody_listens_is_found_after_the_reconnection(
    member: Member, settings: HazelcastSettings, line: FaultyLine, how: str
) -> None:
    """Fault F05: the event is lost with the connection; the next one's first reading finds it."""

    async def body() -> None:
        entries = member.map()
        entries.set(settings.key, TEXT)
        async with following(replace(settings, members=(line.address,))) as source:
            assert (await next_of(source))["a"] == 1
            line.cut()
            await state_is(source, SourceState.STALE)
            WAYS[how](entries, settings.key)
            await eventually_async(lambda: entries.get(settings.key) is None, "no entry")
            line.is_cut = False
            await state_is(source, SourceState.STALE, NO_VALUE)
            assert published(source) == 1
            await returns(source, entries, settings.key)

    run(body)


@pytest.mark.parametrize("mode", ["push", "poll"])
def test_a_numbered_value_that_comes_back_is_no_new_record(
    member: Member, settings: HazelcastSettings, mode: Any
) -> None:
    """Fault F08: a restored map brings the last state again: live, not published again."""

    async def body() -> None:
        entries = member.map()
        text = json.dumps({"a": 1, "_sequence": 7, "_publisher": "p"})
        entries.set(settings.key, text)
        async with following(replace(settings, mode=mode, poll_s=0.05)) as source:
            await next_of(source)
            entries.remove(settings.key)
            await state_is(source, SourceState.STALE, NO_VALUE)
            entries.set(settings.key, text)
            await eventually_async(lambda: NO_VALUE not in source.status().reason, "its return")
            assert published(source) == 1
            entries.set(settings.key, text.replace("7", "8"))
            assert (await next_of(source)).sequence == 8
            await state_is(source, SourceState.LIVE)

    run(body)


def test_a_removal_counts_while_a_second_publisher_is_refused(
    member: Member, settings: HazelcastSettings
) -> None:
    """Being live in spite of a conflict ends with the entry."""

    async def body() -> None:
        first, second = HazelcastPublisher(settings), HazelcastPublisher(settings)
        async with following(settings) as source:
            first.write({"a": 1.0})
            await next_of(source)
            second.write({"a": 2.0})
            await state_is(source, SourceState.LIVE, "is refused while")
            member.map().remove(settings.key)
            await state_is(source, SourceState.STALE, NO_VALUE)
        first.close()
        second.close()

    run(body)


def test_removals_and_values_in_quick_turn_bring_each_value_once(
    member: Member, settings: HazelcastSettings
) -> None:
    """Events and readings cross all the time: no value comes twice, none after a newer one."""

    async def body() -> None:
        entries = member.map()
        async with following(replace(settings, poll_s=0.001)) as source:
            await connected(source)
            for n in range(1, 501):
                entries.set(settings.key, json.dumps({"n": n}))
                if n % 3 == 0:
                    entries.remove(settings.key)
            entries.remove(settings.key)
            await state_is(source, SourceState.STALE, NO_VALUE)
            seen = [f["n"] for f in iter(source.read_next, None) if f is not None]
            assert seen == sorted(set(seen))
            assert len(seen) > 100
            entries.set(settings.key, TEXT)
            assert (await next_of(source))["a"] == 1

    run(body)


def test_a_destroyed_map_is_listened_to_again(member: Member, settings: HazelcastSettings) -> None:
    """Fault F05: it is counted, the entry has no value, and the next values come as events."""
    settings = replace(settings, map_name=f"map-{settings.key}", poll_s=1.0)
    key = settings.key

    async def body() -> None:
        async with following(settings) as source:

            async def noticed(times: int) -> None:
                await eventually_async(
                    lambda: source.counters["destroyed_maps"] == times, f"destroyed {times} times"
                )

            for number in (1, 2):
                # Another client's each time: one that has destroyed its map does so once.
                entries = member.map(settings.map_name)
                entries.set(key, f'{{"a": 1, "_sequence": {number}}}')
                assert (await next_of(source)).sequence == number
                await state_is(source, SourceState.LIVE)
                entries.destroy()
                await noticed(number)
                await state_is(source, SourceState.STALE)
            entries = member.map(settings.map_name)
            entries.set(key, '{"a": 1, "_sequence": 3}')
            # From a reading, before which the source has begun to listen.
            assert (await next_of(source)).sequence == 3
            for number in range(4, 54):  # far more than readings
                entries.set(key, f'{{"a": 1, "_sequence": {number}}}')
            for number in range(4, 54):
                assert (await next_of(source)).sequence == number
            assert source.status().lost == 0

    run(body)
