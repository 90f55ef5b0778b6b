"""InstrumentHealth: what came of one instrument."""

from __future__ import annotations

from array import array
from typing import Final

KEPT_DELAYS: Final = 1024
"""The newest delays of an instrument that are kept; a power of two."""


class InstrumentHealth:
    """What came of one instrument.

    Attributes
    ----------
    name : str
        The instrument.
    is_closed : bool
        Whether the venue says that it is not traded: its data are counted and not used.
    is_unlisted : bool
        Whether its client says that the venue does not list it any more.
    messages : int
        Data delivered.
    ts_event, ts_init : int
        Of the newest, UNIX nanoseconds; 0 before the first.
    delays_ns : array of int64
        ``ts_init - ts_event`` of the newest ``KEPT_DELAYS`` data, a ring.

    """

    __slots__ = (
        "delays_ns",
        "is_closed",
        "is_unlisted",
        "messages",
        "name",
        "ts_event",
        "ts_init",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_closed = self.is_unlisted = False
        self.messages = 0
        self.ts_event = 0
        self.ts_init = 0
        self.delays_ns: Final = array("q", bytes(8 * KEPT_DELAYS))
