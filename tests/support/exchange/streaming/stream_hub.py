"""StreamHub: the websocket endpoint of every venue, and what tests order there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from aiohttp import WSMsgType, web

from tests.support.exchange.streaming.market_rates import MarketRates, Rate
from tests.support.exchange.streaming.stream_connection import StreamConnection
from tests.support.exchange.streaming.venue_streams import NotStreamedError
from tests.support.exchange.streams.binance_spot import BinanceSpotStreams
from tests.support.exchange.streams.binance_usdm import BinanceUsdmStreams
from tests.support.exchange.streams.bybit import BybitStreams
from tests.support.exchange.streams.coinbase import CoinbaseStreams
from tests.support.exchange.streams.coinbase_futures import CoinbaseFuturesStreams
from tests.support.exchange.streams.deribit import DeribitStreams
from tests.support.exchange.streams.hyperliquid import HyperliquidStreams
from tests.support.exchange.streams.kraken import KrakenStreams
from tests.support.exchange.streams.kraken_futures import KrakenFuturesStreams
from tests.support.exchange.streams.okx import OkxStreams

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.exchange.bodies.moment import Moment
    from tests.support.exchange.streaming.venue_streams import VenueStreams

VENUES: Final[tuple[type[VenueStreams], ...]] = (
    BinanceSpotStreams,
    BinanceUsdmStreams,
    BybitStreams,
    CoinbaseFuturesStreams,
    CoinbaseStreams,
    DeribitStreams,
    HyperliquidStreams,
    KrakenFuturesStreams,
    KrakenStreams,
    OkxStreams,
)

EVENTS: Final = frozenset(
    {
        "book",
        "close_asset",
        "delta",
        "funding",
        "gap",
        "index",
        "liquidation",
        "mark",
        "open_interest",
        "quote",
        "trade",
        "volatility_index",
    }
)


class StreamEndpoint:
    """One venue's endpoint: its streams, and its faults.

    ``fault`` is an empty string, or one of "refuse" (connections end at once), "hang" (a
    connection is accepted and the handshake never answered) and "mute" (open connections stay
    open, and nothing is said on them, no pong either).
    """

    def __init__(self, venue: VenueStreams) -> None:
        self.venue: Final = venue
        self.rates: Final = MarketRates(venue)
        self.fault = ""
        self.refused = 0
        self.user_stream: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
        """Serves the connections of an account, where the exchange has one."""

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket until it ends."""
        assert request.transport is not None
        if self.fault == "refuse":
            self.refused += 1
            request.transport.abort()
            return web.Response(status=503)
        if self.fault == "hang":
            self.refused += 1
            await asyncio.Event().wait()
        if self.user_stream is not None and "listenKey" in request.query:
            return await self.user_stream(request)
        socket = web.WebSocketResponse(autoping=False, compress=False)
        await socket.prepare(request)
        connection = StreamConnection(
            request.transport, request.path, lambda: self.fault == "mute"
        )
        self.venue.opened(connection)
        try:
            async for message in socket:
                if message.type is WSMsgType.PING and self.fault != "mute":
                    await socket.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    self.venue.texts.append(message.data)
                    self.venue.received(connection, message.data)
        finally:
            self.venue.ended(connection)
        return socket

    def order(self, call: str, arguments: dict[str, Any]) -> None:
        """Do one thing that a test orders.

        Raises
        ------
        NotStreamedError
            If the venue does not have it.

        """
        if call in EVENTS:
            self.venue.publish(getattr(self.venue, call)(**arguments))
        elif call == "list_asset":
            self.venue.list_asset(**arguments)
        elif call == "unlist_asset":
            self.venue.unlist_asset(**arguments)
        elif call == "rate":
            self.rates.start(Rate(**arguments))
        elif call == "stop_rates":
            self.rates.stop()
        elif call == "fault":
            self.fault = arguments["mode"]
        elif call == "text":
            for connection in self.venue.connections:
                connection.send(arguments["text"].encode())
        elif call == "drop":
            for connection in [*self.venue.connections]:
                connection.abort()
        else:
            msg = f"no such order: {call}"
            raise NotStreamedError(msg)

    def state(self) -> dict[str, Any]:
        """Return what a test may wait for."""
        venue = self.venue
        return {
            "accepted": venue.accepted,
            "kinds": venue.kinds,
            "open": len(venue.connections),
            "paths": sorted(connection.path for connection in venue.connections),
            "refused": self.refused,
            "running_rates": self.rates.running,
            "sent_events": self.rates.sent_events,
            "sent_messages": venue.sent_messages,
            "texts": [*venue.texts],
            "topics": venue.topics,
            "unsent_bytes": sum(connection.unsent_bytes for connection in venue.connections),
        }


class StreamHub:
    """All venues of a local exchange."""

    def __init__(self) -> None:
        venues = [make() for make in VENUES]
        self.endpoints: Final = {venue.name: StreamEndpoint(venue) for venue in venues}
        self._bodies: Final[dict[str, Callable[[Moment], Any]]] = {
            path: make.__get__(venue) for venue in venues for path, make in venue.bodies.items()
        }

    def body(self, name: str) -> Callable[[Moment], Any] | None:
        """Return what makes the answer to a request of Nautilus's clients."""
        return self._bodies.get(name)

    def add_routes(self, app: web.Application) -> None:
        """Serve ``/ws/VENUE`` with whatever follows, and the tests' orders."""
        app.router.add_post("/_streams/{venue}", self._order)
        app.router.add_get("/_streams/{venue}", self._state)
        for name, endpoint in self.endpoints.items():
            connect: Callable[[web.Request], Awaitable[web.StreamResponse]] = endpoint.connect
            app.router.add_get(f"/ws/{name}", connect)
            app.router.add_get(f"/ws/{name}/{{rest:.*}}", connect)

    async def _order(self, request: web.Request) -> web.Response:
        endpoint = self.endpoints[request.match_info["venue"]]
        try:
            for call, arguments in await request.json():
                endpoint.order(call, arguments)
        except (NotStreamedError, TypeError, KeyError) as error:
            return web.json_response({"error": repr(error)})
        return web.json_response({})

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(self.endpoints[request.match_info["venue"]].state())
