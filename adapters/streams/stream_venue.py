"""StreamVenue: the description of an exchange by which NautilusTrader streams its market data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal, NamedTuple

from nautilus_trader.model import ClientId, InstrumentId, Venue

from dolphin_strategies.errors import ConfigError

CLOCK: Final = "this machine's clock"
"""The ``ts_event`` of a row without the exchange's stamp."""
POLL_S: Final = 60
"""How often the client asks for what the exchange does not push."""


class StreamKind(StrEnum):
    """The kinds of data that a client may deliver."""

    QUOTE = "quote"
    """``QuoteTick``, the top of the book."""
    TRADE = "trade"
    """``TradeTick``."""
    DELTAS = "deltas"
    """``OrderBookDeltas``, a snapshot and then changes."""
    DEPTH = "depth"
    """``OrderBookDepth``, whole books of a few levels."""
    MARK = "mark"
    """``MarkPriceUpdate``."""
    INDEX = "index"
    """``IndexPriceUpdate``."""
    FUNDING = "funding"
    """``FundingRateUpdate``."""
    STATUS = "status"
    """``InstrumentStatus``."""
    OPEN_INTEREST = "open_interest"
    """A custom type of the adapter."""
    LIQUIDATION = "liquidation"
    """A custom type of the adapter."""
    VOLATILITY_INDEX = "volatility_index"
    """A custom type of the adapter."""


def by_instrument(instrument_id: InstrumentId) -> dict[str, str]:
    """Return the metadata of a custom type that is subscribed to by its instrument."""
    return {"instrument_id": str(instrument_id)}


@dataclass(frozen=True, kw_only=True)
class StreamRow:
    """What a client delivers of one kind.

    Attributes
    ----------
    delivery : {"each message", "on change", "polled"}
        Whether each message of the exchange becomes an event, or only one that changes the
        value, or the client asks by HTTP at an interval.
    unit : str
        The unit of sizes, rates or amounts.
    ts_event : str
        Where the event's ``ts_event`` comes from.
    custom_type : str
        The name of the adapter's custom data type; empty for Nautilus's own types.
    metadata : callable
        Makes the metadata of a custom type's subscription from the instrument.
    gaps : {"new book", "not seen", "none"}
        Of a book's changes: the client asks for a new book when one was lost, or it does not
        notice, or none can be lost because each message is a whole book.
    notes : str
        What else a user must know.

    """

    delivery: Literal["each message", "on change", "polled"]
    unit: str = ""
    ts_event: str = ""
    custom_type: str = ""
    metadata: Callable[[InstrumentId], dict[str, str]] = by_instrument
    gaps: Literal["new book", "not seen", "none"] = "new book"
    notes: str = ""

    @property
    def is_stamped(self) -> bool:
        """Whether ``ts_event`` is the exchange's, so that a delay can be told from it."""
        return self.ts_event != CLOCK


class DataClient(NamedTuple):
    """What ``LiveNodeBuilder.add_data_client`` takes."""

    name: str
    factory: Any
    config: Any


@dataclass(frozen=True, kw_only=True)
class StreamVenue:
    """An exchange's public streams as NautilusTrader's data client gives them.

    Attributes
    ----------
    name : str
        The venue's name in the registry, as in ``adapters.exchanges``.
    client_name : str
        The name of the client in a node, which subscriptions name as their ``client_id``.
    symbol : str
        The instrument of a coin's main market: ``{asset}`` stands for the coin.
    symbols : mapping of str to str
        Coins whose instrument is named otherwise.
    module : str
        The Rust module of the client, with which the components in its log lines begin; empty:
        of the adapter that the venue's name begins with.
    documentation : str
        Where the exchange describes its streams.
    client : callable
        Makes factory and config from an HTTP and a websocket base URL, None for the
        exchange's own; where something is polled it takes ``poll_s``.
    closed_markets : {"not listed", "status", "not seen"}
        How a market that is closed when the client connects shows: it is no instrument of the
        client's, or an ``InstrumentStatus`` says so, or it streams like an open one.
    rows : mapping of StreamKind to StreamRow
        What the client delivers; a kind that is not in it is not delivered.

    """

    name: str
    client_name: str
    symbol: str
    documentation: str
    client: Callable[..., tuple[Any, Any]]
    closed_markets: Literal["not listed", "status", "not seen"]
    rows: Mapping[StreamKind, StreamRow]
    symbols: Mapping[str, str] = field(default_factory=dict)
    module: str = ""

    @property
    def log_module(self) -> str:
        """What the components in the client's log lines begin with."""
        return self.module or f"nautilus_{self.name.partition('_')[0]}"

    @property
    def client_id(self) -> ClientId:
        """The client that a subscription names."""
        return ClientId(self.client_name)

    @property
    def of_instruments(self) -> Venue:
        """NautilusTrader's venue of its instruments, which several clients may have."""
        return self.instrument_id("BTC").venue

    def instrument_id(self, asset: str) -> InstrumentId:
        """Return the instrument of a coin's main market, for example ``BTCUSDT-LINEAR.BYBIT``."""
        text = self.symbols.get(asset) or self.symbol.format(asset=asset)
        return InstrumentId.from_str(text)

    def data_client(self, base_url: str | None = None, **options: int) -> DataClient:
        """Return what a node needs to stream from this exchange.

        Parameters
        ----------
        base_url : str, optional
            ``http://HOST:PORT`` of a server that answers in the exchange's place: requests go
            there, websockets to ``ws://HOST:PORT/ws/NAME`` and below; None for the exchange
            itself.
        **options : int
            ``poll_s``, seconds, where something is polled.

        Returns
        -------
        DataClient

        Raises
        ------
        ConfigError
            If the URL is not HTTP.

        """
        if base_url is None:
            return DataClient(self.client_name, *self.client(None, None, **options))
        http_url = base_url.rstrip("/")
        if not http_url.startswith(("http://", "https://")):
            msg = f"base URL: expected http://HOST:PORT, found {base_url!r}"
            raise ConfigError(msg)
        ws_url = f"ws{http_url.removeprefix('http')}/ws/{self.name}"
        return DataClient(self.client_name, *self.client(http_url, ws_url, **options))
