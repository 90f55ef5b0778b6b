"""A client's end, when two threads ask for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from adapters.hazelcast_map.connection.map_client import MapClient
from tests.support.eventually import eventually

if TYPE_CHECKING:
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
