"""A client's end, when two threads ask for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from adapters.hazelcast_map import HazelcastPublisher
from adapters.hazelcast_map.connection import connection_attempt
from adapters.hazelcast_map.connection.map_client import MapClient
from tests.support.eventually import eventually

if TYPE_CHECKING:
    import pytest

    from adapters.hazelcast_map import HazelcastSettings


def test_a_connection_that_is_lost_amid_the_end_does_not_keep_it(
    settings: HazelcastSettings,
) -> None:
    """The reactor asks for the end too, while the thread that began it waits for the reactor."""
    client = MapClient(settings.map_name, **settings.client_config())
    # What a lost connection does is done on the reactor's thread.
    reactor: Any = client._reactor
    has_asked = threading.Event()

    def lose() -> None:
        eventually(lambda: not reactor._loop._is_live, "the end to wait for the reactor")
        client.shutdown()
        has_asked.set()

    reactor.add_timer(0, lose)
    ending = threading.Thread(target=client.end, daemon=True)
    ending.start()
    assert has_asked.wait(60)
    ending.join(60)
    assert not ending.is_alive()
    assert not client.lifecycle_service.is_running()


def test_an_attempt_that_hangs_is_left_behind(
    settings: HazelcastSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next attempt connects, and the one that hung is ended when it comes back."""
    connect = MapClient.__init__
    may_go_on = threading.Event()
    hung: list[MapClient] = []

    def hang_once(client: MapClient, *args: Any, **config: Any) -> None:
        if not hung:
            hung.append(client)
            assert may_go_on.wait(60)
        connect(client, *args, **config)

    monkeypatch.setattr(MapClient, "__init__", hang_once)
    monkeypatch.setattr(connection_attempt, "ATTEMPT_TIMEOUT_S", 0.5)
    with HazelcastPublisher(settings) as publisher:
        publisher.write({"a": 1.0})
        eventually(lambda: "neither connected nor failed" in publisher.problem, "the report")
        assert publisher.flush(60)
        may_go_on.set()
        eventually(
            lambda: hasattr(hung[0], "entries") and not hung[0].lifecycle_service.is_running(),
            "the end of the client that came late",
        )
        assert not publisher.problem
