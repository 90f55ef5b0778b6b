"""The Hazelcast transport: an entry of a map as a factor source, and a publisher into one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.hazelcast_map.publisher import HazelcastPublisher
    from adapters.hazelcast_map.settings import HazelcastSettings
    from adapters.hazelcast_map.source import HazelcastSource

__all__ = ["HazelcastPublisher", "HazelcastSettings", "HazelcastSource"]

_HOMES = {
    "HazelcastPublisher": "adapters.hazelcast_map.publisher",
    "HazelcastSettings": "adapters.hazelcast_map.settings",
    "HazelcastSource": "adapters.hazelcast_map.source",
}


def __getattr__(name: str) -> Any:
    # On first use: a node without Hazelcast need not load the client, a quarter of its imports.
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(_HOMES[name]), name)
