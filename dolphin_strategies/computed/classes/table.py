"""CLASSES: the classes of computed factors by the names that a configuration uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dolphin_strategies.computed.classes import (
    book,
    derivatives,
    flow,
    liquidations,
    prices,
    regimes,
    touch,
    venues,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dolphin_strategies.computed.computed_factor import ComputedFactor

CLASSES: Final[Mapping[str, type[ComputedFactor]]] = {
    c.__name__: c
    for c in (
        touch.Mid,
        touch.SpreadBps,
        touch.TouchImbalance,
        touch.MicropriceOffsetBps,
        book.LevelImbalance,
        book.DepthImbalance,
        book.Depth,
        flow.OrderFlowImbalance,
        flow.QuoteRate,
        flow.TradeFlowImbalance,
        flow.CumulativeVolumeDelta,
        flow.TradeRate,
        prices.ReturnBps,
        prices.RealisedVolatility,
        prices.BipowerVolatility,
        prices.VwapDistanceBps,
        prices.KylesLambda,
        regimes.RegimeProbability,
        derivatives.MarkIndexBasisBps,
        derivatives.Funding8h,
        derivatives.FundingCountdown,
        derivatives.OpenInterestUsd,
        derivatives.OpenInterestChange,
        liquidations.LiquidationImbalance,
        liquidations.LiquidatedNotional,
        derivatives.VolatilityIndex,
        venues.BasisBps,
        venues.BasisZScore,
        venues.LeadLagPremium,
        venues.ConsensusMid,
        venues.ConsensusDispersionBps,
        venues.VenuesAlive,
    )
}
"""The name that a configuration uses → the class."""
