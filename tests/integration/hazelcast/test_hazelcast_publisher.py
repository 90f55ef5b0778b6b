"""A publisher whose member dies, hangs, is cut off or comes back empty."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hazelcast.errors import TargetDisconnectedError
from hazelcast.future import Future, ImmediateExceptionFuture
from hazelcast.proxy.map import Map

from adapters.hazelcast_map import HazelcastPublisher
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from adapters.hazelcast_map import HazelcastSettings
    from tests.support.transports.faulty_line import FaultyLine
    from tests.support.transports.member import Member


def test_f03_a_publisher_that_writes_nothing_notices_a_mute_member(
    settings: HazelcastSettings, line: FaultyLine
) -> None:
    """Fault F03: half-open, and no call under way: it asks, says why, and recovers."""
    with HazelcastPublisher(replace(settings, members=(line.address,))) as publisher:
        publisher.write({"a": 1.0})
        assert publisher.flush(20)
        line.is_mute = True
        eventually(lambda: "no answer within 0.5 s" in publisher.problem, "the problem")
        line.is_mute = False
        eventually(lambda: not publisher.problem, "an answer")
        assert (publisher.written, publisher.sent, publisher.conflated) == (1, 1, 0)


def test_f02_a_cluster_that_comes_back_empty_has_the_newest_state_again(
    member: Member, settings: HazelcastSettings
) -> None:
    """Fault F02: the confirmed state of a publisher that has no newer one, under its number."""
    with HazelcastPublisher(settings) as publisher:
        publisher.write({"a": 1.0})
        publisher.write({"a": 2.0})
        assert publisher.flush(20)
        before = str(member.map().get(settings.key))
        member.kill()
        eventually(lambda: publisher.problem, "the problem")
        member.start()
        entries = member.map()
        eventually(lambda: entries.get(settings.key), "the state")
        assert str(entries.get(settings.key)) == before
        assert publisher.written == publisher.sent + publisher.conflated


def test_f02_a_state_that_the_cluster_did_not_take_back_is_offered_again(
    member: Member, settings: HazelcastSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault F02: a member that is not ready yet fails the one call that restores the state."""
    restore = Map.put_if_absent
    refused: list[str] = []

    def refuse_once(entries: Map[str, str], key: str, value: str) -> Future[str | None]:
        if refused:
            return restore(entries, key, value)
        refused.append(value)
        error = TargetDisconnectedError("not ready")
        return ImmediateExceptionFuture(error)  # type: ignore[no-untyped-call]

    with HazelcastPublisher(settings) as publisher:
        publisher.write({"a": 1.0})
        assert publisher.flush(20)
        before = str(member.map().get(settings.key))
        member.kill()
        eventually(lambda: publisher.problem, "the problem")
        monkeypatch.setattr(Map, "put_if_absent", refuse_once)
        member.start()
        entries = member.map()
        eventually(lambda: entries.get(settings.key), "the state")
        assert str(entries.get(settings.key)) == before
        assert refused


def test_f07_a_publisher_that_comes_back_leaves_anothers_state(
    member: Member, settings: HazelcastSettings, line: FaultyLine
) -> None:
    """Fault F07: whoever wrote while it was cut off is not overwritten with what is older."""
    with HazelcastPublisher(replace(settings, members=(line.address,))) as publisher:
        publisher.write({"a": 1.0})
        assert publisher.flush(20)
        line.cut()
        eventually(lambda: publisher.problem, "the problem")
        member.map().set(settings.key, '{"a": 2}')
        line.is_cut = False
        eventually(lambda: not publisher.problem, "the connection")
        publisher.flush(20)
        assert member.map().get(settings.key) == '{"a": 2}'


@pytest.mark.long
def test_a_publisher_outlives_its_cluster(settings: HazelcastSettings, member: Member) -> None:
    """Fault F02: it takes states without a cluster, and sends the newest when there is one."""
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
