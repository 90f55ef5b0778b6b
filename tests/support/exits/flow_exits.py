"""TakerFlowExits with exits by rule, for backtests."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from dolphin_strategies import HoldExit, TripleBarrierExit
from dolphin_strategies.examples.taker_flow_exits import TakerFlowExits

if TYPE_CHECKING:
    from dolphin_strategies.examples.taker_flow_exits import TakerFlowExitsConfig


class HeldFlow(TakerFlowExits):
    """With no exit but the strategy's own."""

    def __init__(self, config: TakerFlowExitsConfig) -> None:
        super().__init__(config)
        self.exits = HoldExit()


class BarrierFlow(TakerFlowExits):
    """With three barriers over four hours."""

    def __init__(self, config: TakerFlowExitsConfig) -> None:
        super().__init__(config)
        self.exits = TripleBarrierExit(
            take=0.2, stop=0.2, limit=timedelta(hours=4), interval=timedelta(minutes=15)
        )
