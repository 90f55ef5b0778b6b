"""MapClient: a Hazelcast client of one map, which connects soon or not at all, and always ends."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from hazelcast.client import HazelcastClient

from adapters.hazelcast_map.connection.read_buffer import keep_small

if TYPE_CHECKING:
    from hazelcast.proxy.map import Map

CONNECT_TIMEOUT_S: Final = 2.0
"""From the first packet to a usable map."""
END_TIMEOUT_S: Final = 1.0


class MapClient(HazelcastClient):
    """A client of one map; the constructor connects, within two seconds or not at all.

    Parameters
    ----------
    map_name : str
        The map.
    **config
        Of ``HazelcastClient``.

    Attributes
    ----------
    entries : Map
        The map. Nothing is deserialized, so nothing is unpickled: values are bytes.

    """

    def __init__(self, map_name: str, **config: Any) -> None:
        self._ending: Final = threading.Lock()
        watchdog = threading.Timer(CONNECT_TIMEOUT_S, self.end)
        watchdog.daemon = True
        watchdog.start()
        try:
            super().__init__(**config)
            self.entries: Final[Map[str, Any]] = self.get_map(map_name)
        except BaseException:
            self.end()
            raise
        finally:
            watchdog.cancel()
        self.entries._to_object = lambda data: data  # noqa: SLF001 - json_codec reads the bytes
        connections: Any = self._connection_manager
        connections.add_listener(on_connection_opened=keep_small)
        for connection in list(connections.active_connections.values()):
            keep_small(connection)

    def shutdown(self) -> None:
        """Shut down; whoever asks while another thread does so returns at once.

        The client's own form makes them wait for each other: its reactor, which found a connection
        dead, for the lock, and the thread that has the lock for the end of the reactor.
        """
        if self._ending.acquire(blocking=False):
            try:
                super().shutdown()
            finally:
                self._ending.release()

    def end(self) -> None:
        """Shut down, whatever state the client is in; not on its reactor's thread.

        Waits a second at most for another thread that does so: what that one tells its listeners
        must not be taken for news of the next client.
        """
        with suppress(Exception):
            self.shutdown()
        if self._ending.acquire(timeout=END_TIMEOUT_S):
            self._ending.release()
