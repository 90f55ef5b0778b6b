"""Subscribing an actor to a kind of data of a venue's instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import BookType, DataType

from adapters.streams.stream_venue import StreamKind, StreamVenue
from dolphin_strategies.computed.inputs import DataKind
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from nautilus_trader.common import DataActor
    from nautilus_trader.model import ClientId, InstrumentId

    from dolphin_strategies.computed.inputs import Input

METHODS: Final = {
    StreamKind.QUOTE: "subscribe_quotes",
    StreamKind.TRADE: "subscribe_trades",
    StreamKind.MARK: "subscribe_mark_prices",
    StreamKind.INDEX: "subscribe_index_prices",
    StreamKind.FUNDING: "subscribe_funding_rates",
    StreamKind.STATUS: "subscribe_instrument_status",
}
BOOK_METHODS: Final = {
    StreamKind.DELTAS: "subscribe_book_deltas",
    StreamKind.DEPTH: "subscribe_book_depth",
}

STREAM_KINDS: Final = {
    DataKind.QUOTES: StreamKind.QUOTE,
    DataKind.TRADES: StreamKind.TRADE,
    DataKind.BOOK: StreamKind.DELTAS,
    DataKind.MARK: StreamKind.MARK,
    DataKind.INDEX: StreamKind.INDEX,
    DataKind.FUNDING: StreamKind.FUNDING,
    DataKind.OPEN_INTEREST: StreamKind.OPEN_INTEREST,
    DataKind.LIQUIDATIONS: StreamKind.LIQUIDATION,
    DataKind.VOLATILITY_INDEX: StreamKind.VOLATILITY_INDEX,
}
"""The kind of a computed factor's input → the kind of data of a venue's client."""


def subscribe_to_input(actor: DataActor, venue: StreamVenue, needed: Input) -> None:
    """Subscribe an actor to the input of a computed factor, on the node's thread.

    Raises
    ------
    ConfigError
        If the venue's client does not deliver this kind.

    """
    instrument_id: Any = needed.instrument_id
    if isinstance(instrument_id, str):
        # An index, such as btc_usd, which is subscribed to by its coin's instrument.
        instrument_id = venue.instrument_id(instrument_id.partition("_")[0].upper())
    subscribe(actor, venue, STREAM_KINDS[needed.kind], instrument_id)


def subscribe(
    actor: DataActor, venue: StreamVenue, kind: StreamKind, instrument_id: InstrumentId
) -> None:
    """Subscribe an actor, on the node's thread.

    Raises
    ------
    ConfigError
        If the venue's client does not deliver this kind.

    """
    row = venue.rows.get(kind)
    if row is None:
        msg = f"{venue.name}: its client delivers no {kind}; it delivers {', '.join(venue.rows)}"
        raise ConfigError(msg)
    if row.custom_type:
        data_type = DataType(row.custom_type, metadata=row.metadata(instrument_id))
        actor.subscribe_data(data_type, venue.client_id)
    else:
        ask_for(actor, venue.client_id, kind, instrument_id)


def ask_for(
    actor: DataActor, client_id: ClientId, kind: StreamKind, instrument_id: InstrumentId
) -> None:
    """Subscribe to one of Nautilus's own types, whether the client delivers it or not."""
    if kind in BOOK_METHODS:
        getattr(actor, BOOK_METHODS[kind])(instrument_id, BookType.L2_MBP, client_id=client_id)
    elif kind in METHODS:
        getattr(actor, METHODS[kind])(instrument_id, client_id=client_id)
