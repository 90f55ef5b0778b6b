"""ClusterConnection: a thread that keeps one client connected to a map, and reports failures."""

from __future__ import annotations

import random
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from hazelcast.core import DistributedObjectEventType

from adapters.hazelcast_map.connection.connection_attempt import LOST_TIMEOUT_S, ConnectionAttempt
from adapters.hazelcast_map.settings import HazelcastSettings, credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    from hazelcast.core import DistributedObjectEvent
    from hazelcast.future import Future
    from hazelcast.proxy.map import Map

    from adapters.hazelcast_map.connection.map_client import MapClient

CALL_TIMEOUT_S: Final = 0.5
"""Limit of one call; the client's own futures have no limit."""
FIRST_RETRY_S: Final = 0.2
LONGEST_RETRY_S: Final = 1.0
CLOSE_TIMEOUT_S: Final = 1.5
_MAP_SERVICE: Final = "hz:impl:mapService"
"""What a member calls its maps, among objects of other kinds under the same name."""


class ConnectionLostError(Exception):
    """The connection was lost, or this end is closing."""


class ClusterConnection:
    """Connect, let ``serve`` work with the map until the connection is lost, and connect again.

    Parameters
    ----------
    settings : HazelcastSettings
        The cluster and the map.
    serve : callable
        Called on this connection's thread with this connection and the connected map. Ends by
        raising ConnectionLostError.
    report : callable
        Called, on any thread, with the reason each time that the cluster cannot be used.

    Raises
    ------
    ConfigError
        If the credentials in the environment are incomplete.

    Attributes
    ----------
    destroyed_maps : int
        How often a connection ended because its map was destroyed, see ``end_if_destroyed``.

    Notes
    -----
    Only ``close`` blocks the thread that created it, for up to 1.5 s.

    """

    def __init__(
        self,
        settings: HazelcastSettings,
        serve: Callable[[ClusterConnection, Map[str, Any]], None],
        report: Callable[[str], None],
    ) -> None:
        self._settings: Final = settings
        self._credentials: Final = credentials()
        self._serve: Final = serve
        self._report: Final = report
        self._changed: Final = threading.Condition()
        self._is_closing = False
        self._is_lost = False
        self._must_hurry = False
        self._lost_because = ""
        self._client: MapClient | None = None
        self._attempt: ConnectionAttempt | None = None
        self._members: Final = deque(settings.members)
        self.destroyed_maps = 0
        self._thread: Final = threading.Thread(
            target=self._run, name="dolphin-hazelcast", daemon=True
        )

    def start(self) -> None:
        """Begin to connect, and return at once."""
        self._thread.start()

    def close(self) -> None:
        """End the thread and the connection; safe to call again."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_TIMEOUT_S)

    def answer(self, future: Future[Any]) -> bool:
        """Wait for the end of a call, on this connection's thread.

        Parameters
        ----------
        future : Future
            The call.

        Returns
        -------
        bool
            Whether the answer came within 0.5 s.

        Raises
        ------
        ConnectionLostError
            If the call failed or was not answered within 3 s, or the connection was lost.

        """
        future.add_done_callback(self._notify)
        is_in_time = self._wait(future.done, CALL_TIMEOUT_S)
        if not is_in_time:
            self._report(f"{self._settings}: no answer within {CALL_TIMEOUT_S:g} s")
            self._wait(future.done, LOST_TIMEOUT_S - CALL_TIMEOUT_S)
        if not future.done():
            raise ConnectionLostError(
                self._lost_because or f"no answer within {LOST_TIMEOUT_S:g} s"
            )
        error = future.exception()
        if error is not None:
            raise ConnectionLostError(self._lost_because or f"{type(error).__name__}: {error}")
        return is_in_time

    def pause(self, seconds: float) -> bool:
        """Wait, on this connection's thread, for a time or until ``hurry`` is called.

        Returns
        -------
        bool
            Whether ``hurry`` was called.

        Raises
        ------
        ConnectionLostError
            If the connection was lost meanwhile.

        """
        must_hurry = self._wait(lambda: self._must_hurry, seconds)
        self._must_hurry = False
        if self._is_lost or self._is_closing:
            raise ConnectionLostError(self._lost_because)
        return must_hurry

    def end_if_destroyed(self) -> None:
        """End this connection when the map is destroyed, on this connection's thread.

        A member then forgets the map's listeners without an event of the entry; they are added
        again with the next connection.
        """
        if self._client is not None:
            self._client.add_distributed_object_listener(self._on_object)

    def hurry(self) -> None:
        """End the current pause, or skip the next one; on any thread."""
        with self._changed:
            self._must_hurry = True
            self._changed.notify_all()

    def _wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        with self._changed:
            self._changed.wait_for(
                lambda: condition() or self._is_lost or self._is_closing, timeout_s
            )
        return condition()

    def _notify(self, _: Future[Any]) -> None:
        with self._changed:
            self._changed.notify_all()

    def _run(self) -> None:
        retry_s = FIRST_RETRY_S
        while not self._is_closing:
            was_connected, reason = self._connect_and_serve()
            if self._is_closing:
                return
            self._report(f"{self._settings}: {reason}; trying again")
            retry_s = FIRST_RETRY_S if was_connected else min(1.6 * retry_s, LONGEST_RETRY_S)
            with self._changed:
                jitter = random.uniform(0.7, 1.3)  # noqa: S311 - spreads the attempts of many clients
                self._changed.wait_for(lambda: self._is_closing, retry_s * jitter)

    def _connect_and_serve(self) -> tuple[bool, str]:
        """Return whether there was a connection, and the reason why it ended."""
        self._is_lost, self._lost_because = False, ""
        client, reason = self._connect()
        if client is None:
            return False, reason
        self._client = client
        try:
            if client.lifecycle_service.is_running():
                self._serve(self, client.entries)
        except ConnectionLostError as lost:
            return True, str(lost)
        except Exception as error:  # noqa: BLE001 - reported, instead of lost with the thread
            return True, f"an error in this program: {error!r}"
        finally:
            self._client = None
            client.end()
        return True, "the connection was lost"

    def _connect(self) -> tuple[MapClient | None, str]:
        """Return a client of the first member that lets one in, or why none does.

        The first to be tried is the one after the last: the one whose connection was lost
        comes last. Each has its own two seconds, so that one that hangs hides no other.
        """
        reasons: list[str] = []
        for _ in self._settings.members:
            member = self._members[0]
            self._members.rotate(-1)
            attempt = ConnectionAttempt(
                self._settings, self._credentials, member, self._on_client_end
            )
            client, reason = attempt.run()
            if client is not None:
                self._attempt = attempt
                return client, ""
            reasons.append(reason)
            if self._is_closing:
                break
        return None, "; ".join(reasons)

    def _on_object(self, event: DistributedObjectEvent) -> None:
        if (event.service_name, event.name, event.event_type) == (
            _MAP_SERVICE, self._settings.map_name, DistributedObjectEventType.DESTROYED,
        ):  # fmt: skip
            self.destroyed_maps += 1
            self._lose("the map was destroyed")

    def _on_client_end(self, attempt: ConnectionAttempt) -> None:
        # An attempt that fails states its reason itself, and one that was left behind has none.
        if self._client is not None and attempt is self._attempt:
            self._lose("the connection was lost")

    def _lose(self, reason: str) -> None:
        with self._changed:
            if not self._is_lost:
                self._is_lost, self._lost_because = True, reason
            self._changed.notify_all()
        if not self._is_closing:
            self._report(f"{self._settings}: {self._lost_because}; trying again")
