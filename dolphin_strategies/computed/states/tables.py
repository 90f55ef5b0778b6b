"""The state of each kind of data, and the kind of each Nautilus type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.computed.inputs import DataKind
from dolphin_strategies.computed.states.levels import Levels
from dolphin_strategies.computed.states.prints import Liquidations, Trades
from dolphin_strategies.computed.states.readings import (
    Funding,
    OpenInterest,
    Price,
    VolatilityIndex,
)
from dolphin_strategies.computed.states.touch import Touch

if TYPE_CHECKING:
    from collections.abc import Mapping

STATES: Final[Mapping[DataKind, type[Any]]] = {
    DataKind.QUOTES: Touch,
    DataKind.TRADES: Trades,
    DataKind.BOOK: Levels,
    DataKind.MARK: Price,
    DataKind.INDEX: Price,
    DataKind.FUNDING: Funding,
    DataKind.OPEN_INTEREST: OpenInterest,
    DataKind.LIQUIDATIONS: Liquidations,
    DataKind.VOLATILITY_INDEX: VolatilityIndex,
}
KIND_OF_TYPE: Final[Mapping[str, DataKind]] = {
    "QuoteTick": DataKind.QUOTES,
    "TradeTick": DataKind.TRADES,
    "OrderBookDelta": DataKind.BOOK,
    "OrderBookDeltas": DataKind.BOOK,
    "OrderBookDepth": DataKind.BOOK,
    "MarkPriceUpdate": DataKind.MARK,
    "IndexPriceUpdate": DataKind.INDEX,
    "FundingRateUpdate": DataKind.FUNDING,
    "BinanceFuturesOpenInterest": DataKind.OPEN_INTEREST,
    "HyperliquidOpenInterest": DataKind.OPEN_INTEREST,
    "BinanceFuturesLiquidation": DataKind.LIQUIDATIONS,
    "BybitLiquidation": DataKind.LIQUIDATIONS,
    "DeribitVolatilityIndex": DataKind.VOLATILITY_INDEX,
}
"""The name of a Nautilus data type → its kind."""
