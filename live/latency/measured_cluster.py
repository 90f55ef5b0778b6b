"""The Hazelcast cluster of a latency measurement: a running one, or a member of its own."""

from __future__ import annotations

import dataclasses
import os
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from hazelcast.client import HazelcastClient
from hazelcast.errors import HazelcastError

from adapters.hazelcast_map import HazelcastSettings
from adapters.hazelcast_map.settings import credentials
from adapters.process.child import Child
from dolphin_strategies import ConfigError, DolphinError
from live.cluster import local_member

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack

MEMBER_TIMEOUT_S: Final = 60.0


@contextmanager
def own_member() -> Iterator[str]:
    """Yield the URL of a member that runs as long as this context.

    Raises
    ------
    DolphinError
        If no member can be started.

    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    cluster = f"dolphin-latency-{os.getpid()}"
    child = Child(local_member.command(port, cluster), output="dropped")
    settings = HazelcastSettings(members=(f"127.0.0.1:{port}",), cluster=cluster, key="latency")
    try:
        deadline_s = time.monotonic() + MEMBER_TIMEOUT_S
        while (reason := reach(settings)) and child.exit_code is None:
            if time.monotonic() > deadline_s:
                raise DolphinError(reason)
        if child.exit_code is not None:
            msg = f"the member ended with code {child.exit_code}; try live/hazelcast_member.py"
            raise DolphinError(msg)
        yield f"{settings}?cluster={cluster}"
    finally:
        child.kill()


def reach(settings: HazelcastSettings) -> str:
    """Return why the cluster cannot be reached, or an empty string."""
    options: dict[str, Any] = {**settings.client_config(), **credentials()}
    try:
        client = HazelcastClient(**options, cluster_connect_timeout=0.2, smart_routing=False)
    except HazelcastError as error:
        return f"no member at {', '.join(settings.members)}: {error.args[0]}"
    client.shutdown()
    return ""


def hazelcast_of(url: str, stack: ExitStack) -> tuple[str, str]:
    """Return the URL to measure with, or why there is none."""
    if url == "none":
        return "", "left out by --hazelcast none"
    try:
        if url == "own":
            return stack.enter_context(own_member()), ""
        settings = HazelcastSettings.from_url(url)
    except DolphinError as error:
        if isinstance(error, ConfigError):
            raise
        return "", str(error)
    # An entry of its own: the producer's entry must not change.
    query = url.partition("?")[2]
    own = str(dataclasses.replace(settings, key=f"latency-{os.getpid()}"))
    return f"{own}?{query}" if query else own, reach(settings)
