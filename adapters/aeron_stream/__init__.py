"""The Aeron transport: a stream of messages as a factor source, and a publisher onto one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.aeron_stream.channel import AeronChannel
    from adapters.aeron_stream.publisher import AeronPublisher
    from adapters.aeron_stream.source import AeronSource

__all__ = ["AeronChannel", "AeronPublisher", "AeronSource"]

_HOMES = {
    "AeronChannel": "adapters.aeron_stream.channel",
    "AeronPublisher": "adapters.aeron_stream.publisher",
    "AeronSource": "adapters.aeron_stream.source",
}


def __getattr__(name: str) -> Any:
    # On first use: whoever checks a channel's text need not have the extra.
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(_HOMES[name]), name)
