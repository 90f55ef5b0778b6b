"""NodeStarts: keeps a fork server for as long as several nodes of a fleet start."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from live.fleet.supervision.processes.fork_server import ForkServer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from live.fleet.supervision.member import Member

FEWEST: Final = 2
"""Nodes that start together: one alone imports by itself as fast."""


class NodeStarts:
    """Who forks the nodes that start, if anybody does.

    Attributes
    ----------
    server : ForkServer or None
        The server; None where nodes are started one by one.

    """

    def __init__(self) -> None:
        self.server: ForkServer | None = None
        self._has_failed = False

    def look(self, members: Iterable[Member]) -> None:
        """Start a server for nodes that wait, and end it once none starts any more."""
        conditions = [m.life.condition for m in members if m.service.kind == "node"]
        if self.server is not None and self.server.is_lost:
            # Those that wait are started without it.
            self.close()
            self._has_failed = True
        elif not {"waiting", "starting"}.intersection(conditions):
            self.close()
            self._has_failed = False
        elif (
            self.server is None and conditions.count("waiting") >= FEWEST and not self._has_failed
        ):
            self._begin()

    def _begin(self) -> None:
        self._has_failed = True
        with suppress(OSError):
            self.server = ForkServer()
            self._has_failed = False

    def may_start(self, member: Member) -> bool:
        """Return whether a member need not wait for the server."""
        return member.service.kind != "node" or self.server is None or self.server.is_ready

    def server_of(self, member: Member) -> ForkServer | None:
        """Return what forks a member; None if it is started by itself."""
        return self.server if member.service.kind == "node" else None

    def close(self) -> None:
        """End the server; safe to call again."""
        if self.server is not None:
            self.server.close()
            self.server = None
