"""A node with venues' data clients, and an actor that prints each event as a line of JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.common import DataActor, Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import InstrumentId, TraderId

from adapters.streams.stream_venue import StreamKind
from adapters.streams.stream_venues import STREAM_VENUES
from adapters.streams.subscriptions import ask_for, subscribe
from tests.support.eventually import TIMEOUT_S
from tests.support.nodes.processes import child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters.streams.stream_venue import StreamVenue
    from tests.support.nodes.processes import Child

LOG_LEVEL: Final = "DOLPHIN_TEST_NODE_LOG"
"""The variable with a level of Nautilus's log, to see why nothing comes."""


def line(kind: str, **fields: Any) -> None:
    """Print one line."""
    sys.stdout.write(json.dumps({"kind": kind, **fields}, default=str) + "\n")
    sys.stdout.flush()


class StreamPrinter(DataActor):
    """Subscribe to everything that was asked for, and print what comes."""

    def __new__(cls, *_: Any) -> StreamPrinter:  # noqa: PYI034 - Nautilus's base takes a config
        return super().__new__(cls)

    def __init__(
        self, venues: list[StreamVenue], instruments: list[str], kinds: list[str]
    ) -> None:
        super().__init__()
        self._instruments = [InstrumentId.from_str(instrument) for instrument in instruments]
        self._wanted = [
            (venue, StreamKind(kind), instrument)
            for venue, instrument in zip(venues, self._instruments, strict=True)
            for kind in kinds or list(StreamKind)
        ]

    def on_start(self) -> None:
        self.subscribe_socket_state()
        for venue, kind, instrument_id in self._wanted:
            if kind in venue.rows:
                subscribe(self, venue, kind, instrument_id)
            else:
                ask_for(self, venue.client_id, kind, instrument_id)
        for instrument_id in self._instruments:
            found = self.cache.instrument(instrument_id)
            if found is not None:
                line(
                    "instrument",
                    id=found.id,
                    raw_symbol=found.raw_symbol,
                    multiplier=_number(found.multiplier),
                    price_increment=_number(found.price_increment),
                    size_increment=_number(found.size_increment),
                )
        line("started")

    def on_socket_state(self, event: Any) -> None:
        line("socket", client=event.client_id, state=event.state, endpoint=event.endpoint)

    def on_quote(self, quote: Any) -> None:
        line(
            "quote",
            id=quote.instrument_id,
            bid=_number(quote.bid_price),
            ask=_number(quote.ask_price),
            bid_size=_number(quote.bid_size),
            ask_size=_number(quote.ask_size),
            **_stamps(quote),
        )

    def on_trade(self, trade: Any) -> None:
        line(
            "trade",
            id=trade.instrument_id,
            price=_number(trade.price),
            size=_number(trade.size),
            side=_name(trade.aggressor_side),
            **_stamps(trade),
        )

    def on_book_deltas(self, deltas: Any) -> None:
        rows = [
            [_name(d.action), _name(d.order.side), _number(d.order.price), _number(d.order.size)]
            for d in deltas.deltas
        ]
        line(
            "deltas",
            id=deltas.instrument_id,
            deltas=rows,
            sequence=deltas.sequence,
            **_stamps(deltas),
        )

    def on_book_depth(self, depth: Any) -> None:
        sides = [
            [[_number(o.price), _number(o.size)] for o in s] for s in (depth.bids, depth.asks)
        ]
        line("depth", id=depth.instrument_id, bids=sides[0], asks=sides[1], **_stamps(depth))

    def on_mark_price(self, mark_price: Any) -> None:
        line("mark", id=mark_price.instrument_id, value=_number(mark_price.value),
             **_stamps(mark_price))  # fmt: skip

    def on_index_price(self, index_price: Any) -> None:
        line("index", id=index_price.instrument_id, value=_number(index_price.value),
             **_stamps(index_price))  # fmt: skip

    def on_funding_rate(self, funding_rate: Any) -> None:
        line(
            "funding",
            id=funding_rate.instrument_id,
            rate=_number(funding_rate.rate),
            interval_min=funding_rate.interval,
            next_ns=funding_rate.next_funding_ns,
            **_stamps(funding_rate),
        )

    def on_instrument_status(self, status: Any) -> None:
        line("status", id=status.instrument_id, action=_name(status.action), **_stamps(status))

    def on_data(self, data: Any) -> None:
        found = getattr(data, "data", data)
        fields = {
            name: str(getattr(found, name))
            for name in dir(found)
            if not name.startswith("_") and not callable(getattr(found, name))
        }
        fields["id"] = fields.pop("instrument_id", "")
        fields |= {"type": type(found).__name__}
        line("custom", **(fields | _stamps(found)))


def _stamps(event: Any) -> dict[str, int]:
    return {"ts_event": event.ts_event, "ts_init": event.ts_init}


def _number(value: Any) -> float:
    # Not float(value): of a Price of 60000.2 that is 60000.19999999999.
    return float(str(value))


def _name(value: Any) -> str:
    return str(value).rpartition(".")[2]


def run(
    base_url: str, names: list[str], instruments: list[str], kinds: list[str], connect_s: float
) -> None:
    """Run until killed; what is polled is polled each second."""

    async def main() -> None:
        venues = [STREAM_VENUES[name] for name in names]
        level = LogLevel.from_str(os.environ.get(LOG_LEVEL, "OFF"))
        config = LiveNodeConfig(
            environment=Environment.SANDBOX,
            trader_id=TraderId("STREAMS-001"),
            logging=LoggerConfig(stdout_level=level),
            timeout_connection_secs=connect_s,
        )
        builder = LiveNodeBuilder.from_config("Streams", config)
        for venue in {v.name: v for v in venues}.values():
            is_polled = any(row.delivery == "polled" for row in venue.rows.values())
            polls = {"poll_s": 1} if is_polled else {}
            builder = builder.add_data_client(*venue.data_client(base_url, **polls))
        node = builder.build()
        node.add_actor(StreamPrinter(venues, instruments, kinds))
        try:
            await node.run_async()
        except RuntimeError as error:
            line("ended", why=error)

    asyncio.run(main())


class StreamNode:
    """The test's side."""

    def __init__(self, process: Child) -> None:
        self.process: Final = process
        self.events: Final[list[dict[str, Any]]] = []

    def event(self, kind: str, is_it: Callable[[dict[str, Any]], bool] = bool) -> dict[str, Any]:
        """Wait for the next event of a kind that is the one; what comes before it is kept."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            left = deadline - time.monotonic()
            assert left > 0, f"no such {kind} in time: {self.events[-5:]}"
            text = self.process.line(left)
            if not text.startswith("{"):
                sys.stdout.write(text + "\n")
                continue
            found: dict[str, Any] = json.loads(text)
            self.events.append(found)
            if found["kind"] == kind and is_it(found):
                return found

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of a kind so far."""
        return [event for event in self.events if event["kind"] == kind]


@contextmanager
def stream_node(
    base_url: str,
    names: list[str],
    instruments: list[str],
    kinds: list[str] | None = None,
    connect_s: float = TIMEOUT_S,
) -> Iterator[StreamNode]:
    """Run a node that streams an instrument of each venue; no kinds means every kind."""
    with child(run, base_url, names, instruments, kinds or [], connect_s) as process:
        yield StreamNode(process)
