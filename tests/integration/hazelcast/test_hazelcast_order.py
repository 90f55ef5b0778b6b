"""Records never go back: publishers that compete, old sequences, storms; a real member."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from adapters.hazelcast_map import HazelcastPublisher
from dolphin_strategies import SourceState
from tests.support.eventually import eventually_async
from tests.support.transports.hazelcast_source import connected, following, next_of, run, state_is

if TYPE_CHECKING:
    from adapters.hazelcast_map import HazelcastSettings
    from dolphin_strategies import ExternalFactors
    from tests.support.transports.member import Member


def test_f07_a_second_publisher_is_refused_until_the_first_falls_silent(
    settings: HazelcastSettings,
) -> None:
    """Fault F07: both are named while they fight; two seconds after the first the second is in."""

    async def body() -> None:
        first, second = HazelcastPublisher(settings), HazelcastPublisher(settings)
        async with following(settings) as source:
            first.write({"a": 1.0})
            await next_of(source)
            second.write({"a": 100.0})
            await state_is(source, SourceState.LIVE, "is refused while")
            assert source.read_next() is None
            first.write({"a": 2.0})
            assert (await next_of(source))["a"] == 2.0
            first.close()

            def taken() -> ExternalFactors | None:
                second.write({"a": 101.0})
                return source.read_next()

            f = await eventually_async(taken, "the second publisher")
            assert f is not None
            assert f["a"] == 101.0
        second.close()

    run(body)


def test_f08_an_old_sequence_is_refused(member: Member, settings: HazelcastSettings) -> None:
    """Fault F08: a replayed value does not come again, and the newest stays."""

    async def body() -> None:
        entries = member.map()
        async with following(settings) as source:
            await connected(source)
            for sequence in (1, 2, 1, 3):
                text = json.dumps({"a": sequence, "_sequence": sequence, "_publisher": "p"})
                entries.set(settings.key, text)
            await eventually_async(lambda: source.status().published == 3, "three records")
            assert [f["a"] for f in iter(source.read_next, None) if f is not None] == [1, 2, 3]
            assert source.counters["refused_old"] == 1

    run(body)


def test_f09_a_storm_is_counted_and_kept_small(
    settings: HazelcastSettings, member: Member
) -> None:
    """Fault F09: ten thousand changes at once: all accounted for, the queue at its limit."""

    async def body() -> None:
        entries = member.map()._wrapped
        async with following(settings, capacity=100) as source:
            await connected(source)
            changes = [
                entries.set(settings.key, f'{{"a": {n}, "_sequence": {n}}}')
                for n in range(1, 10_001)
            ]
            changes[-1].result()
            await eventually_async(lambda: source.status().published == 10_000, "all records")
            assert source.status().pending == 100
            f = source.read_latest()
            assert f is not None
            assert f["a"] == 10_000
            assert source.status()[2:] == (10_000, 1, 99, 9_900)

    run(body)
