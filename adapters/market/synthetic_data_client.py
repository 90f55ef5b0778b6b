"""SyntheticMarketClient: factors as quotes of an instrument of their own, in a live node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.live import DataClientConfig
from nautilus_trader.live.clients import DataClientFactory, MarketDataClient
from nautilus_trader.model import ActorId

from adapters.feed.synthetic_quote_maker import QuoteMaker, real_price
from dolphin_strategies import EXTERNAL_FACTORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.common import Clock
    from nautilus_trader.live import ClientCache, SubscribeQuotes, UnsubscribeQuotes
    from nautilus_trader.model import CryptoPerpetual, CustomData, InstrumentId, QuoteTick

_CONFIG: Final = DataActorConfig(actor_id=ActorId("SyntheticQuoter-001"))


class SyntheticMarketClientConfig(DataClientConfig):
    """Configuration of the synthetic market; it has no fields of its own."""


class SyntheticMarketClient(MarketDataClient):
    """Pass the quotes of a SyntheticQuoter to the node, as the client of a venue would.

    The sandbox also matches on these quotes, whether or not a strategy has subscribed.

    Notes
    -----
    Owned by the node's thread.

    """

    def __init__(self, instrument: CryptoPerpetual, **client: Any) -> None:
        self.instrument: Final = instrument
        super().__init__(venue=instrument.id.venue, **client)

    async def _connect(self) -> None:
        self._handle_instrument(self.instrument)

    async def _disconnect(self) -> None:
        return

    async def _subscribe_quotes(self, command: SubscribeQuotes) -> None:
        # A quote is made of each record of factors.
        return

    async def _unsubscribe_quotes(self, command: UnsubscribeQuotes) -> None:
        return

    def quote(self, quote: QuoteTick) -> None:
        """Pass a quote to the node."""
        self._handle_data(quote)


class SyntheticMarketClientFactory(DataClientFactory):
    """Makes the client for the node.

    Attributes
    ----------
    client : SyntheticMarketClient or None
        The client, once the node is built.

    """

    def __init__(self, instrument: CryptoPerpetual) -> None:
        self._instrument = instrument
        self.client: SyntheticMarketClient | None = None

    def create(  # type: ignore[override]
        self, *, name: str, config: DataClientConfig, cache: ClientCache, clock: Clock
    ) -> SyntheticMarketClient:
        """Make the client; called by Nautilus while it builds the node."""
        self.client = SyntheticMarketClient(
            self._instrument, name=name, config=config, cache=cache, clock=clock
        )
        return self.client


class SyntheticQuoter(DataActor):
    """Make a quote of each ExternalFactors on the bus, around the newest real price.

    A data client cannot subscribe to the bus, so this actor does.

    Parameters
    ----------
    maker : QuoteMaker
        Makes and counts the quotes.
    price_from : InstrumentId
        The real instrument whose newest quote (its mid), else trade, is the last price.
    hand_over : callable
        Called with each quote: the client's ``quote``.

    Notes
    -----
    Owned by the node's thread.

    """

    def __new__(
        cls, maker: QuoteMaker, price_from: InstrumentId, hand_over: Callable[[QuoteTick], None]
    ) -> Self:
        return super().__new__(cls, _CONFIG)  # type: ignore[call-arg]

    def __init__(
        self, maker: QuoteMaker, price_from: InstrumentId, hand_over: Callable[[QuoteTick], None]
    ) -> None:
        super().__init__(_CONFIG)
        self.maker: Final = maker
        self._price_from: Final = price_from
        self._hand_over: Final = hand_over

    def on_start(self) -> None:
        # The node's cache holds only subscribed data.
        self.subscribe_quotes(self._price_from)
        self.subscribe_trades(self._price_from)
        self.subscribe_data(EXTERNAL_FACTORS)

    def on_data(self, data: CustomData) -> None:
        cache = self.cache
        newest = cache.quote(self._price_from)
        trade = cache.trade(self._price_from) if newest is None else None
        quote = self.maker.make(data.data, real_price(newest, trade))
        if quote is not None:
            self._hand_over(quote)
