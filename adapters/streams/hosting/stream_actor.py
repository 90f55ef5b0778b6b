"""StreamActor: subscribes to what the venues list, counts what comes, and computes factors."""

from __future__ import annotations

import asyncio
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self

from nautilus_trader.common import SocketState
from nautilus_trader.model import MarketStatusAction

from adapters.computing.computing_actor import (
    DATA_HOOKS,
    ComputingActor,
    ComputingActorConfig,
    subscribe_input,
)
from adapters.streams.stream_venue import StreamKind
from adapters.streams.subscriptions import subscribe, subscribe_to_input
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nautilus_trader.common import SocketStateChanged
    from nautilus_trader.model import ClientId, InstrumentId, InstrumentStatus

    from adapters.computing.evaluation import RecordSink
    from adapters.computing.recording.market_tap import MarketTap
    from adapters.streams.hosting.health.stream_health import StreamHealth
    from adapters.streams.hosting.venue_link import VenueLink
    from dolphin_strategies.computed.factor_set import ComputedFactors
    from dolphin_strategies.computed.inputs import Input

CLOSED: Final = (
    MarketStatusAction.CLOSE,
    MarketStatusAction.HALT,
    MarketStatusAction.NOT_AVAILABLE_FOR_TRADING,
    MarketStatusAction.PAUSE,
    MarketStatusAction.POST_CLOSE,
    MarketStatusAction.SUSPEND,
)
"""What a venue says of an instrument that is not traded; quotes of it may go on."""


class StreamActor(ComputingActor):
    """Compute factors from the venues of one node.

    Parameters
    ----------
    factors : ComputedFactors
        What to compute; its inputs may be of more venues than this node's.
    sink : callable
        Takes the records, on the node's thread.
    config : ComputingActorConfig
        How often to publish.
    links : sequence of VenueLink
        The venues of this node.
    health : StreamHealth
        Counts what comes.
    own : mapping of Input to ClientId
        Inputs that other clients of the node deliver; nothing of them is counted.
    on_error : callable, optional
        Takes an exception of a datum; by default Nautilus does, which logs it and, if told so,
        ends the node.
    tap : MarketTap, optional
        Keeps the market data that the factors receive, and the definitions of instruments.

    Notes
    -----
    Owned by the node's thread, like every actor. An instrument that its venue does not list is
    subscribed to when it is listed.

    """

    def __new__(  # noqa: PLR0913, PLR0917 - what it needs, one by one
        cls,
        factors: ComputedFactors,
        sink: RecordSink,
        config: ComputingActorConfig,
        links: Sequence[VenueLink],
        health: StreamHealth,
        own: Mapping[Input, ClientId] = MappingProxyType({}),
        on_error: Callable[[Exception], None] | None = None,
        tap: MarketTap | None = None,
    ) -> Self:
        return super().__new__(cls, factors, sink, config)

    def __init__(  # noqa: PLR0913, PLR0917 - what it needs, one by one
        self,
        factors: ComputedFactors,
        sink: RecordSink,
        config: ComputingActorConfig,
        links: Sequence[VenueLink],
        health: StreamHealth,
        own: Mapping[Input, ClientId] = MappingProxyType({}),
        on_error: Callable[[Exception], None] | None = None,
        tap: MarketTap | None = None,
    ) -> None:
        super().__init__(factors, sink, config)
        self.started: Final = asyncio.Event()
        self._health: Final = health
        self._own: Final = own
        self._links: Final = {needed: link for link in links for needed in link.inputs}
        self._followed: Final[set[InstrumentId]] = set()
        self._tap: Final = tap
        taking: Callable[[Any], None] = self.evaluation.take
        if tap is not None:
            taking = tap.keeping(self.evaluation, factors)
        # Of what the venue says is closed neither the factors nor the tap receive anything.
        take = health.counting(taking)
        take_custom: Callable[[Any], None] = partial(self._take_custom, taking)
        if on_error is not None:
            take, take_custom = _guarded(take, on_error), _guarded(take_custom, on_error)
        for hook in DATA_HOOKS:
            setattr(self, hook, take)
        # By name, like the others: Nautilus does not ask for a method.
        vars(self)["on_data"] = take_custom

    def on_start(self) -> None:
        """Subscribe; called by Nautilus once every client is connected."""
        self.started.set()
        self.subscribe_socket_state()
        super().on_start()

    def on_socket_state(self, event: SocketStateChanged) -> None:
        venue = self._health.of_client(str(event.client_id))
        if venue is not None:
            is_connected = event.state == SocketState.CONNECTED
            venue.on_socket(str(event.endpoint), is_connected=is_connected)

    def on_instrument_status(self, status: InstrumentStatus) -> None:
        action = status.action
        if action not in (*CLOSED, MarketStatusAction.TRADING):
            return
        for venue in self._health.venues.values():
            venue.take_status(
                status.instrument_id,
                is_closed=action in CLOSED,
                is_unlisted=action == MarketStatusAction.NOT_AVAILABLE_FOR_TRADING,
            )

    def _take_custom(self, take: Callable[[Any], None], data: Any) -> None:
        self._health.count_custom(data.data)
        take(data.data)

    def _define(self, event: object = None) -> None:
        """Subscribe also to what its venue lists by now."""
        super()._define(event)
        for named, actual in self.factors.followed():
            self._health.follow(named, actual)
        for needed, link in self._links.items():
            missing = self._health.venues[link.name].missing
            if needed in missing and self._is_listed(needed):
                missing.discard(needed)
                self._subscribe_to(needed)

    def _take_definition(self, instrument: Any) -> None:
        super()._take_definition(instrument)
        if self._tap is not None:
            self._tap.define(instrument)

    def renew_sockets(self, name: str) -> None:
        """Have the connections of a venue made anew."""
        venue = self._health.venues[name]
        venue.nudges += 1
        for endpoint in venue.sockets:
            self.reconnect_socket(venue.link.venue.client_id, endpoint)

    def _subscribe_to(self, needed: Input) -> None:
        link, actual = self._links.get(needed), self._actual(needed)
        if link is None:
            if needed in self._own:
                subscribe_input(self, actual, self._own[needed])
            return
        venue = self._health.venues[link.name]
        if not self._is_listed(needed):
            venue.missing.add(needed)
            return
        followed = actual.instrument_id
        if (
            not isinstance(followed, str)
            and StreamKind.STATUS in link.venue.rows
            and followed not in self._followed
        ):
            self._followed.add(followed)
            subscribe(self, link.venue, StreamKind.STATUS, followed)
        try:
            subscribe_to_input(self, link.venue, actual)
        except ConfigError:
            venue.not_streamed.add(needed)

    def _is_listed(self, needed: Input) -> bool:
        """Return whether the venue has sent an instrument's definition; an index has none."""
        instrument_id = self._actual(needed).instrument_id
        return isinstance(instrument_id, str) or self.cache.instrument(instrument_id) is not None


def _guarded(
    take: Callable[[Any], None], on_error: Callable[[Exception], None]
) -> Callable[[Any], None]:
    """Return a callable that does not raise."""

    def guarded(data: Any) -> None:
        try:
            take(data)
        except Exception as error:  # noqa: BLE001 - one datum must not end the others
            on_error(error)

    return guarded
