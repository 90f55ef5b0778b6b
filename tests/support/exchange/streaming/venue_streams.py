"""VenueStreams: the base of a venue's streams: who subscribed to what, and what they are sent."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NamedTuple

from tests.support.exchange.streaming.listings import LISTINGS, Listing
from tests.support.exchange.streaming.stream_connection import TEXT, StreamConnection, frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.support.exchange.bodies.moment import Moment

KEPT_TEXTS: Final = 1000

type Side = Literal["buy", "sell"]
type Levels = Sequence[Sequence[float]]


class NotStreamedError(Exception):
    """A venue has no stream of what a test asked for."""


class Message(NamedTuple):
    """What goes to the subscribers of a topic."""

    topic: str
    payload: bytes
    opcode: int = TEXT


class VenueStreams(ABC):
    """One venue: a subclass reads what clients say, and writes what a market says.

    A method that is named like a kind of data returns the messages of one event and is
    called by tests through ``VenueControl``. ``ts_ms`` is the exchange's stamp, UNIX
    milliseconds; 0 means now.
    """

    name: ClassVar[str]
    """The name of ``adapters/exchanges/venues``; clients connect to ``/ws/NAME``."""
    topics_of: ClassVar[Mapping[str, str]]
    """Kind of data, as ``StreamKind`` names it → how the topics that carry it are known."""
    bodies: ClassVar[Mapping[str, Callable[[Any, Moment], Any]]] = {}
    """Answers to the requests of Nautilus's client: path → method of (venue, moment)."""

    def __init__(self) -> None:
        self.listings: Final[dict[str, Listing]] = {row.asset: row for row in LISTINGS}
        self.connections: Final[set[StreamConnection]] = set()
        self.texts: Final[deque[str]] = deque(maxlen=KEPT_TEXTS)
        """What clients said, the newest last."""
        self.sent_messages = 0
        self.accepted = 0
        self._subscribers: Final[dict[str, set[StreamConnection]]] = {}

    @abstractmethod
    def received(self, connection: StreamConnection, text: str) -> None:
        """Answer what a client said: a subscription, a ping."""

    @abstractmethod
    def asset_of(self, symbol: str) -> str:
        """Return the coin of a symbol."""

    def quote(
        self,
        symbol: str,
        bid: float,
        ask: float,
        bid_size: float,
        ask_size: float,
        *,
        ts_ms: int = 0,
    ) -> list[Message]:
        """Return a new top of the book."""
        raise self._not_streamed("quotes")

    def trade(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        """Return a trade; ``side`` is the taker's."""
        raise self._not_streamed("trades")

    def book(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        """Return a snapshot of the book, as after a resynchronisation; levels are price, size."""
        raise self._not_streamed("books")

    def delta(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        """Return a change of some levels; size 0 removes one."""
        raise self._not_streamed("book changes")

    def gap(self, symbol: str, n: int = 1) -> list[Message]:
        """Lose ``n`` book changes: the next one has a number that is too high."""
        raise self._not_streamed("book changes")

    def mark(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        """Return a new mark price."""
        raise self._not_streamed("mark prices")

    def index(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        """Return a new index price."""
        raise self._not_streamed("index prices")

    def funding(self, symbol: str, rate: float, next_ms: int, ts_ms: int = 0) -> list[Message]:
        """Return the rate of the next funding; its interval is the listing's."""
        raise self._not_streamed("funding rates")

    def open_interest(self, symbol: str, contracts: float, ts_ms: int = 0) -> list[Message]:
        """Return the open interest in the venue's own unit."""
        raise self._not_streamed("open interest")

    def liquidation(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        """Return a liquidation; ``side`` is the liquidating order's: ``sell`` closes a long."""
        raise self._not_streamed("liquidations")

    def volatility_index(self, symbol: str, value: float, ts_ms: int = 0) -> list[Message]:
        """Return a new value of a volatility index."""
        raise self._not_streamed("volatility indexes")

    def _not_streamed(self, what: str) -> NotStreamedError:
        return NotStreamedError(f"{self.name} streams no {what}")

    def listing(self, symbol: str) -> Listing:
        """Return the market of a symbol."""
        return self.listings[self.asset_of(symbol)]

    def wanted(self, topics: Iterable[str]) -> list[str]:
        """Return the topics that somebody has subscribed to: others need not be encoded."""
        return [topic for topic in topics if self._subscribers.get(topic)]

    def list_asset(self, **fields: Any) -> None:
        """List a coin, or change it: the fields of a ``Listing``."""
        row = Listing(**fields)
        self.listings[row.key] = row

    def unlist_asset(self, key: str) -> None:
        """List a coin no more."""
        del self.listings[key]

    def close_asset(self, asset: str) -> list[Message]:
        """Close a market: the instrument list says so, and the streams where the venue does."""
        self.listings[asset] = self.listings[asset].closed()
        return []

    def opened(self, connection: StreamConnection) -> None:
        """Take a new connection."""
        self.accepted += 1
        self.connections.add(connection)

    def ended(self, connection: StreamConnection) -> None:
        """Forget a connection that has ended."""
        self.connections.discard(connection)
        for topic in [*connection.topics]:
            self.unsubscribe(connection, topic)

    def subscribe(self, connection: StreamConnection, topic: str) -> None:
        """Send a topic's messages to a connection from now on."""
        connection.topics.add(topic)
        self._subscribers.setdefault(topic, set()).add(connection)

    def unsubscribe(self, connection: StreamConnection, topic: str) -> None:
        """Send a topic's messages to a connection no longer."""
        connection.topics.discard(topic)
        self._subscribers.get(topic, set()).discard(connection)

    def publish(self, messages: Sequence[Message]) -> None:
        """Send messages to whoever subscribed to their topics."""
        frames: dict[StreamConnection, list[bytes]] = {}
        for topic, payload, opcode in messages:
            for connection in self._subscribers.get(topic, ()):
                frames.setdefault(connection, []).append(frame(payload, opcode))
        for connection, found in frames.items():
            connection.write(b"".join(found))
            self.sent_messages += len(found)

    @property
    def kinds(self) -> dict[str, bool]:
        """The kinds of data that this venue streams, and whether somebody has subscribed."""
        topics = self.topics
        return {kind: any(part in t for t in topics) for kind, part in self.topics_of.items()}

    @property
    def topics(self) -> list[str]:
        """The topics that somebody has subscribed to."""
        return sorted(topic for topic, found in self._subscribers.items() if found)


def stamp_ms(ts_ms: int) -> int:
    """Return a stamp, or now."""
    return ts_ms or time.time_ns() // 1_000_000


def stamp_iso(ts_ms: int) -> str:
    """Return a stamp, or now, as ISO 8601 with microseconds."""
    moment = datetime.fromtimestamp(stamp_ms(ts_ms) / 1000, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
