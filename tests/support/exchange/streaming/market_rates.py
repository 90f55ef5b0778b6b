"""MarketRates: quotes, trades and book changes of one symbol at a rate, for as long as wanted."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.exchange.streaming.listings import Listing
    from tests.support.exchange.streaming.venue_streams import Message, VenueStreams

STAMP_RANGE_US: Final = 10_000_000
"""A time stamp is the UNIX clock's microseconds modulo this: ten seconds."""
PREPARED: Final = 10_000
"""How many different events a prepared rate has at most."""
STEPS: Final = 64
"""A path without stamps repeats after this many steps."""

type Kind = Literal["quote", "trade", "delta", "mark"]
type Stamp = Literal["", "time", "count"]
type StampField = Literal["size", "price"]


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What is sent, and how often.

    Attributes
    ----------
    symbol, kind : str
        What of which instrument.
    per_second : float
        Messages a second.
    n : int
        How many in all; 0: until stopped.
    stamp : {"", "time", "count"}
        What each message carries: the moment of its making in microseconds of the UNIX clock
        modulo ``STAMP_RANGE_US``, or its number from 0 on.
    stamp_field : {"size", "price"}
        Where: the bid's (trade's) size in lots, or its price in ticks above the listing's.
    is_prepared : bool
        Encode the first ``PREPARED`` events before the first is sent, and repeat these: for
        rates at which encoding would take the processor from what is measured. Their stamps
        are those of the beginning, and their numbers begin anew.

    """

    symbol: str
    kind: Kind = "quote"
    per_second: float = 100.0
    n: int = 0
    stamp: Stamp = ""
    stamp_field: StampField = "size"
    is_prepared: bool = False


class MarketPath:
    """The events of a rate, by number."""

    def __init__(self, venue: VenueStreams, rate: Rate) -> None:
        self._venue: Final = venue
        self._rate: Final = rate
        self._listing: Final[Listing] = venue.listing(rate.symbol)
        self._tick: Final = float(self._listing.tick)
        self._lot: Final = float(self._listing.lot)

    def event(self, i: int) -> list[Message]:
        """Return the messages of event ``i``."""
        rate, venue, tick, lot = self._rate, self._venue, self._tick, self._lot
        step = i % STEPS
        lots, ticks = 1 + step, step
        if rate.stamp:
            now_us = time.time_ns() // 1000 % STAMP_RANGE_US
            value = i if rate.stamp == "count" else now_us
            if rate.stamp_field == "size":
                lots = value + 1
            else:
                ticks = value
        price, size = self._listing.price + ticks * tick, lots * lot
        if rate.kind == "quote":
            return venue.quote(rate.symbol, price, price + tick, size, (STEPS - step) * lot)
        if rate.kind == "trade":
            return venue.trade(rate.symbol, price, size, "sell" if i % 2 else "buy")
        if rate.kind == "delta":
            levels = [[round(price - (1 + step % 20) * tick, 8), size]]
            return venue.delta(rate.symbol, levels, [])
        return venue.mark(rate.symbol, price)


class MarketRates:
    """The running rates of a venue."""

    def __init__(self, venue: VenueStreams) -> None:
        self._venue: Final = venue
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self.sent_events = 0

    def start(self, rate: Rate) -> None:
        """Begin to send at a rate."""
        task = asyncio.create_task(self._run(rate))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """End every rate."""
        for task in self._tasks:
            task.cancel()

    @property
    def running(self) -> int:
        """How many rates have not ended."""
        return len(self._tasks)

    async def _run(self, rate: Rate) -> None:
        make = _prepared if rate.is_prepared else _encoded
        event = make(self._venue, rate)
        began, sent = time.monotonic(), 0
        while not rate.n or sent < rate.n:
            due = int((time.monotonic() - began) * rate.per_second) + 1
            if rate.n:
                due = min(due, rate.n)
            self._venue.publish([message for i in range(sent, due) for message in event(i)])
            self.sent_events += due - sent
            sent = due
            await asyncio.sleep(max(began + sent / rate.per_second - time.monotonic(), 0))


def _encoded(venue: VenueStreams, rate: Rate) -> Callable[[int], list[Message]]:
    """Return what makes the messages of an event."""
    return MarketPath(venue, rate).event


def _prepared(venue: VenueStreams, rate: Rate) -> Callable[[int], list[Message]]:
    """Return what returns the messages of an event without making them."""
    path = MarketPath(venue, rate)
    events = [path.event(i) for i in range(min(rate.n or PREPARED, PREPARED))]
    return lambda i: events[i % len(events)]
