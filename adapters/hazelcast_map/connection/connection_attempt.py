"""ConnectionAttempt: one attempt to connect to a member, left behind if it hangs."""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from hazelcast.config import ReconnectMode
from hazelcast.lifecycle import LifecycleState

from adapters.hazelcast_map.connection.connection_errors import ConnectionErrors
from adapters.hazelcast_map.connection.map_client import CONNECT_TIMEOUT_S, MapClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.hazelcast_map.settings import HazelcastSettings

LOST_TIMEOUT_S: Final = 3.0
"""After this time without an answer the connection is closed."""
ATTEMPT_TIMEOUT_S: Final = 2 * CONNECT_TIMEOUT_S
"""An attempt that has not ended by then is left behind."""
_FAIL_FAST: Final[dict[str, Any]] = {
    # Each connection has a client of its own, so that no event is missed unnoticed.
    "reconnect_mode": ReconnectMode.OFF,
    "cluster_connect_timeout": 0.0,
    "connection_timeout": 1.0,
    # One connection: when it is lost nothing is connected, and advertised addresses do not matter.
    "smart_routing": False,
    "heartbeat_interval": 1.0,
    "heartbeat_timeout": LOST_TIMEOUT_S,
    "invocation_timeout": LOST_TIMEOUT_S,
}


class ConnectionAttempt:
    """Connect a client to one member, on a thread of its own.

    What the client waits for while it connects has no limit of its own.

    Parameters
    ----------
    settings : HazelcastSettings
        The cluster and the map.
    credentials : dict
        Of ``HazelcastClient``.
    member : str
        The member, ``host:port``.
    on_loss : callable
        Called with this attempt, on any thread, when its client is disconnected or shut down.

    """

    def __init__(
        self,
        settings: HazelcastSettings,
        credentials: dict[str, Any],
        member: str,
        on_loss: Callable[[ConnectionAttempt], None],
    ) -> None:
        self._settings: Final = settings
        self._config: Final = {
            **_FAIL_FAST, **settings.client_config(), **credentials, "cluster_members": [member],
        }  # fmt: skip
        self._member: Final = member
        self._on_loss: Final = on_loss
        self._results: Final[SimpleQueue[tuple[MapClient | None, str]]] = SimpleQueue()
        self._lock: Final = threading.Lock()
        self._is_late = False

    def run(self) -> tuple[MapClient | None, str]:
        """Return a client of the member, or why it lets none in, within four seconds."""
        threading.Thread(target=self._run, name="dolphin-hazelcast-attempt", daemon=True).start()
        with suppress(Empty):
            return self._results.get(timeout=ATTEMPT_TIMEOUT_S)
        with self._lock:
            self._is_late = True
        with suppress(Empty):
            return self._results.get_nowait()
        return None, f"{self._member}: neither connected nor failed within {ATTEMPT_TIMEOUT_S:g} s"

    def _run(self) -> None:
        client, reason = self._connect()
        with self._lock:
            if not self._is_late:
                self._results.put((client, reason))
                return
        if client is not None:
            client.end()

    def _connect(self) -> tuple[MapClient | None, str]:
        errors = ConnectionErrors(self._settings, CONNECT_TIMEOUT_S)
        try:
            with errors:
                return MapClient(
                    self._settings.map_name,
                    lifecycle_listeners=[self._on_lifecycle],
                    **self._config,
                ), ""
        except Exception as error:  # noqa: BLE001 - a bad option too is a reason
            return None, errors.sentence(error)

    def _on_lifecycle(self, state: str) -> None:
        if state in {LifecycleState.DISCONNECTED, LifecycleState.SHUTDOWN}:
            self._on_loss(self)
