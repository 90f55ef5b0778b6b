"""Writers of an entry: the project's publisher, and a program that knows nothing of it."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from hazelcast.client import HazelcastClient

from adapters.hazelcast_map import HazelcastPublisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters.hazelcast_map import HazelcastSettings

PERIOD_S: Final = 0.1


class Writing:
    """Call a function ten times a second, on a thread of its own, until it is stopped."""

    def __init__(self, write: Callable[[], None]) -> None:
        self._write: Final = write
        self._is_over: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_over.wait(PERIOD_S):
            self._write()

    def stop(self) -> None:
        """Write no more."""
        self._is_over.set()
        self._thread.join(30.0)


@contextmanager
def publishing(settings: HazelcastSettings) -> Iterator[HazelcastPublisher]:
    """Keep a publisher writing its number as ``n`` and the time as ``at``."""
    with HazelcastPublisher(settings) as publisher:

        def write() -> None:
            publisher.write({"n": publisher.written + 1, "at": time.time()})

        writing = Writing(write)
        try:
            yield publisher
        finally:
            writing.stop()


@contextmanager
def hand_writing(settings: HazelcastSettings) -> Iterator[None]:
    """Write the same as JSON that has neither number nor time of its own."""
    hand = Hand(settings)
    number = 0

    def write() -> None:
        nonlocal number
        number += 1
        hand.set(settings.key, json.dumps({"n": number, "at": time.time()}))

    writing = Writing(write)
    try:
        yield
    finally:
        writing.stop()
        hand.close()


class Hand:
    """Another program's client, which connects anew when its member was away."""

    def __init__(self, settings: HazelcastSettings) -> None:
        self._settings: Final = settings
        self._client: HazelcastClient | None = None

    def map(self) -> Any:
        """Return the map, whose calls give futures; raises what the client raises."""
        if self._client is not None and not self._client.lifecycle_service.is_running():
            self._client = None
        if self._client is None:
            self._client = HazelcastClient(
                cluster_name=self._settings.cluster,
                cluster_members=list(self._settings.members),
                cluster_connect_timeout=0.0,
                smart_routing=False,
            )
        return self._client.get_map(self._settings.map_name)

    def set(self, key: str, text: Any) -> None:
        """Set an entry, if there is a member, without waiting for it."""
        with suppress(Exception):
            self.map().set(key, text)

    def close(self) -> None:
        """Disconnect."""
        with suppress(Exception):
            if self._client is not None:
                self._client.shutdown()
