"""The Hazelcast source and publisher against a real member, and through lines that fail."""

from __future__ import annotations

import asyncio
import json
import math
import os
import pickle
import signal
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import pytest
from hazelcast.core import HazelcastJsonValue

from adapters.hazelcast_map import HazelcastPublisher, HazelcastSettings, HazelcastSource
from adapters.hazelcast_map.settings import PASSWORD_VARIABLE, USERNAME_VARIABLE
from dolphin_strategies import SourceState
from tests.support.eventually import eventually_async
from tests.support.transports.faulty_line import FaultyLine, make_certificate
from tests.support.transports.member import Member, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    from dolphin_strategies import ExternalFactors


def _as_bytes(text: str) -> bytearray:
    # The client pickles what is of type bytes.
    return bytearray(text, "utf-8")


ROADMAP_JSON: Final = '{"basis": 1.5, "spread": 5.0, "imbal_btc": -0.25, "_status": "ok"}'


@pytest.fixture
def settings(member: Member) -> HazelcastSettings:
    """Name an entry of the test's own."""
    key = f"test-{uuid4().hex}"
    return HazelcastSettings(members=(member.address,), cluster=member.cluster, key=key)


@pytest.fixture
def line(member: Member) -> Any:
    """Give a line to the member that can fail."""
    with FaultyLine(member.port) as faulty:
        yield faulty


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


@pytest.mark.parametrize("mode", ["push", "poll"])
@pytest.mark.parametrize("wrap", [str, HazelcastJsonValue, _as_bytes])
def test_the_roadmaps_json_written_by_hand_arrives(
    member: Member, settings: HazelcastSettings, mode: Any, wrap: Callable[[str], Any]
) -> None:
    """A text, a JSON value or bytes: values by name, stamped on receipt, newer when changed."""

    async def body() -> None:
        entries = member.map()
        entries.set(settings.key, wrap(ROADMAP_JSON))
        async with following(replace(settings, mode=mode, poll_s=0.005)) as source:
            before = time.time_ns()
            f = await next_of(source)
            assert dict(f) == {"basis": 1.5, "spread": 5.0, "imbal_btc": -0.25}
            assert f.sequence == 1
            assert f.stream_id
            assert f.published_mono_ns == 0
            assert before - 10**9 < f.ts_event <= f.ts_init <= time.time_ns()
            assert source.status().state is SourceState.LIVE
            entries.set(settings.key, wrap(ROADMAP_JSON.replace("1.5", "2.5")))
            f = await next_of(source)
            assert f["basis"] == 2.5
            assert f.sequence == 2
            assert source.status()[2:] == (2, 2, 0, 0)

    run(body)


def test_every_change_is_pushed_in_order(member: Member, settings: HazelcastSettings) -> None:
    """Five hundred values without a sequence, written as fast as one client can: none skipped."""

    async def body() -> None:
        entries = member.map()
        async with following(replace(settings, poll_s=1.0)) as source:
            await connected(source)
            for n in range(500):
                entries.set(settings.key, json.dumps({"n": n}))
            await eventually_async(lambda: source.status().published == 500, "500 records")
            seen = [f["n"] for f in iter(source.read_next, None) if f is not None]
            assert seen == list(range(500))

    run(body)


def test_f01_a_source_starts_without_a_server_and_finds_it_later(member: Member) -> None:
    """Opening returns, the reason says what is wrong, and the record comes when there is one."""

    async def body() -> None:
        port = free_port()
        settings = HazelcastSettings(members=(f"127.0.0.1:{port}", member.address))
        alone = replace(settings, members=settings.members[:1], cluster=member.cluster)
        async with following(alone) as source:
            reason = await state_is(source, SourceState.WAITING, "refused")
            assert str(port) in reason
            assert source.schema is None
            assert source.read_latest() is None
        async with following(replace(settings, cluster=member.cluster)) as source:
            await state_is(source, SourceState.WAITING, "there is no value")
            member.map().set(settings.key, ROADMAP_JSON)
            assert (await next_of(source))["basis"] == 1.5

    run(body)


def test_f02_a_killed_member_comes_back_empty_and_the_source_goes_on(
    member: Member, settings: HazelcastSettings
) -> None:
    """Stale at the kill, no value after the restart, and records again from the publisher."""

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
            await state_is(source, SourceState.STALE, "there is no value")
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
    """The entry is read again, and the records that were missed are counted as lost."""

    async def body() -> None:
        publisher = HazelcastPublisher(settings)
        async with following(replace(settings, members=(line.address,), poll_s=1.0)) as source:
            publisher.write({"a": 1.0})
            await next_of(source)
            line.is_cut = True
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


@pytest.mark.parametrize("mode", ["push", "poll"])
def test_f03_a_mute_member_is_noticed_and_left(
    settings: HazelcastSettings, member: Member, line: FaultyLine, mode: Any
) -> None:
    """A half-open connection: no answer in time is told, the connection given up, then made."""

    async def body() -> None:
        entries = member.map()
        entries.set(settings.key, '{"a": 1}')
        muted = replace(settings, members=(line.address,), mode=mode, poll_s=0.05)
        async with following(muted) as source:
            await next_of(source)
            line.is_mute = True
            await state_is(source, SourceState.STALE, "no answer within 0.5 s")
            await state_is(source, SourceState.STALE, "said nothing within")
            entries.set(settings.key, '{"a": 2}')
            line.is_mute = False
            assert (await next_of(source))["a"] == 2

    run(body)


def test_f03_a_stopped_member_is_the_same(member: Member, settings: HazelcastSettings) -> None:
    """SIGSTOP makes a member mute; after SIGCONT it is used again."""

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
    """A member that takes 0.8 s: its answers are counted, not delivered; quick again, they are."""

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


class Trap:
    """An object that makes a folder when somebody unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_f04_a_value_that_is_no_json_object_is_refused_and_counted(
    member: Member, settings: HazelcastSettings, tmp_path: Path
) -> None:
    """The last good values stay, what Python would run is not run, and the next good one comes."""
    bad = [
        '{"a": NaN}', '{"a": Infinity}', '{"a": -Infinity}', '{"a": 1', "[1, 2]", '"text"', "1",
        "null", "", "\ufeff{}",
        "[" * 100_000, '{"a":' * 2000 + "1" + "}" * 2000, bytearray(b'{"a": "\xff"}'),
        '{"a": 1, "_sequence": "x"}', '{"a": 1, "_sequence": -1}', '{"a": 1, "_publisher": 3}',
        {"a": 1}, 17, [1.0], Trap(tmp_path / "unpickled"), "x" * 10_000_000,
    ]  # fmt: skip

    async def body() -> None:
        entries = member.map()
        async with following(settings) as source:
            entries.set(settings.key, '{"a": 1}')
            await next_of(source)
            for n, value in enumerate(bad, 1):
                entries.set(settings.key, value)
                await eventually_async(
                    lambda: source.counters["refused_values"] >= n,  # noqa: B023
                    f"refusal of {value!r:.60}",
                )
                await state_is(source, SourceState.STALE, "the value is refused: ")
                assert source.read_next() is None
            entries.set(settings.key, '{"a": 2}')
            assert (await next_of(source))["a"] == 2
            assert source.status().state is SourceState.LIVE

    run(body)
    assert not (tmp_path / "unpickled").exists()
    pickle.loads(pickle.dumps(Trap(tmp_path / "unpickled")))  # noqa: S301 - the trap works
    assert (tmp_path / "unpickled").exists()


def test_names_come_once_and_stay(member: Member, settings: HazelcastSettings) -> None:
    """A new name extends the schema; a name that is absent is NaN and stays in its place."""

    async def body() -> None:
        entries = member.map()
        async with following(settings) as source:
            entries.set(settings.key, '{"a": 1, "b": 2}')
            assert dict(await next_of(source)) == {"a": 1, "b": 2}
            entries.set(settings.key, '{"c": 3, "a": 1, "no name!": 4}')
            f = await next_of(source)
            assert f.schema.names == ("a", "b", "c")
            assert math.isnan(f["b"])
            schema = f.schema
            entries.set(settings.key, '{"b": 5, "a": "text", "c": null}')
            f = await next_of(source)
            assert f.schema is schema
            assert f["b"] == 5
            assert math.isnan(f["a"])
            assert math.isnan(f["c"])
            assert source.counters["skipped_names"] == 1
            assert source.counters["missing_values"] == 3

    run(body)


def test_batches_end_where_the_names_change(member: Member, settings: HazelcastSettings) -> None:
    """read_batch gives records of one schema at a time, in order, up to its limit."""

    async def body() -> None:
        entries = member.map()
        async with following(settings) as source:
            await connected(source)
            for text in ('{"a": 1}', '{"a": 2}', '{"a": 3}', '{"a": 4, "b": 1}'):
                entries.set(settings.key, text)
            await eventually_async(lambda: source.status().pending == 4, "four records")
            sizes = [len(batch.sequence) for batch in iter(lambda: source.read_batch(2), None)]
            assert sizes == [2, 1, 1]

    run(body)


def test_f07_a_second_publisher_is_refused_until_the_first_falls_silent(
    settings: HazelcastSettings,
) -> None:
    """Both are named while they fight; the second takes over two seconds after the first."""

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
    """A replayed value does not come again, and the newest stays."""

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
    """Ten thousand changes as fast as they go: all accounted for, the queue at its limit."""

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


def test_f10_a_wrong_cluster_name_is_said(member: Member, settings: HazelcastSettings) -> None:
    """The reason names the cluster and the variables; the password is nowhere."""

    async def body() -> None:
        async with following(replace(settings, cluster="nobody")) as source:
            reason = await state_is(source, SourceState.WAITING, "another cluster than 'nobody'")
            assert USERNAME_VARIABLE in reason

    run(body)


def test_f10_a_password_shows_nowhere(
    monkeypatch: pytest.MonkeyPatch,
    member: Member,
    settings: HazelcastSettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not in the reason, the settings or a log of any level, also when it is refused."""
    monkeypatch.setenv(USERNAME_VARIABLE, "trader")
    monkeypatch.setenv(PASSWORD_VARIABLE, "s3cret-password")

    async def body() -> None:
        async with following(replace(settings, cluster="nobody")) as source:
            reason = await state_is(source, SourceState.WAITING, "refuses this client")
            assert "s3cret" not in reason + repr(source.settings) + repr(vars(source))

    with caplog.at_level(0):
        run(body)
    assert "s3cret" not in caplog.text


def test_tls_is_verified(member: Member, settings: HazelcastSettings, tmp_path: Path) -> None:
    """With the right authority it works; without it, or with TLS on one side only, it says why."""
    context, certificate = make_certificate(tmp_path)

    async def body() -> None:
        member.map().set(settings.key, '{"a": 1}')
        with FaultyLine(member.port, context) as line:
            host = line.address.replace("127.0.0.1", "localhost")
            secure = replace(settings, members=(host,), tls=True, ca_file=str(certificate))
            async with following(secure) as source:
                assert (await next_of(source))["a"] == 1
            async with following(replace(secure, ca_file="")) as source:
                await state_is(source, SourceState.WAITING, "certificate is not accepted")
            async with following(replace(secure, members=(line.address,))) as source:
                await state_is(source, SourceState.WAITING, "'127.0.0.1'")
            async with following(replace(settings, members=(host,))) as source:
                await state_is(source, SourceState.WAITING, "does it want TLS")
        async with following(replace(secure, members=(member.address,))) as source:
            await state_is(source, SourceState.WAITING, "does the member use TLS")

    run(body)


def test_f12_a_source_closes_while_its_member_is_mute(
    settings: HazelcastSettings, line: FaultyLine
) -> None:
    """Close returns, connected or not yet, and again."""

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


def test_a_publisher_outlives_its_cluster(settings: HazelcastSettings, member: Member) -> None:
    """It takes states without a cluster, keeps the newest, and sends it when there is one."""
    publisher = HazelcastPublisher(settings)
    publisher.write({"a": 0.0})
    assert publisher.flush(20)
    member.kill()
    for value in range(1, 6):
        publisher.write({"a": float(value), "_secret": 1, "none": None, "nan": math.nan})
    assert not publisher.flush(0.01)
    member.start()
    assert publisher.flush(20), publisher.problem
    assert publisher.problem == ""
    assert publisher.written == 6
    assert publisher.sent + publisher.conflated == 6
    found = json.loads(str(member.map().get(settings.key)))
    assert {k: v for k, v in found.items() if k[0] != "_"} == {"a": 5.0, "none": None, "nan": None}
    assert "_secret" not in found
    with pytest.raises(TypeError):
        publisher.write({"a": object()})
    with pytest.raises(ValueError, match="1,000,000 bytes"):
        publisher.write({"a": "x" * 1_000_000})
    publisher.close()
    publisher.close()
