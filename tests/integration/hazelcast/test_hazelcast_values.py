"""What becomes of an entry's values on the way from a real member into records."""

from __future__ import annotations

import json
import math
import os
import pickle
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hazelcast.core import HazelcastJsonValue

from adapters.hazelcast_map.connection import cluster_connection, connection_attempt
from dolphin_strategies import SourceState
from tests.support.eventually import TIMEOUT_S, eventually_async
from tests.support.transports.hazelcast_source import (
    ROADMAP_JSON,
    connected,
    following,
    next_of,
    run,
    state_is,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adapters.hazelcast_map import HazelcastSettings
    from tests.support.transports.member import Member


def _as_bytes(text: str) -> bytearray:
    # The client pickles what is of type bytes.
    return bytearray(text, "utf-8")


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


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no connection be given up, and what changes meanwhile be missed, for a slow answer."""
    for name in ("heartbeat_timeout", "invocation_timeout"):
        monkeypatch.setitem(connection_attempt._FAIL_FAST, name, TIMEOUT_S)
    monkeypatch.setattr(cluster_connection, "LOST_TIMEOUT_S", TIMEOUT_S)


@pytest.mark.usefixtures("patience")
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


class Trap:
    """An object that makes a folder when somebody unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_f04_a_value_that_is_no_json_object_is_refused_and_counted(
    member: Member, settings: HazelcastSettings, tmp_path: Path
) -> None:
    """Faults F04 and F06: the last good values stay, nothing in it runs, the next one comes."""
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
