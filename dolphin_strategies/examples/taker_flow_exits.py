"""TakerFlowExits: TakerFlow with exits, which does not come back until its signal has turned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from nautilus_trader.model import OrderSide

from dolphin_strategies import AdaptiveExit, ExitModel, FactorStrategy, HoldExit
from dolphin_strategies.examples.taker_flow import TakerFlow, TakerFlowConfig

if TYPE_CHECKING:
    from nautilus_trader.model import PositionClosed


@dataclass(frozen=True, kw_only=True)
class TakerFlowExitsConfig(TakerFlowConfig):
    """Configuration of TakerFlowExits.

    Attributes
    ----------
    exit_model : ExitModel, optional
        Of ``train_exits.py``; in TOML the path of its file.
    hard_stop : float
        The largest loss, as a fraction of the entry price.

    """

    exit_model: ExitModel | None = None
    hard_stop: float = 0.02


class TakerFlowExits(TakerFlow, FactorStrategy[TakerFlowExitsConfig]):
    """Hold what takers bought, until the signal or an exit closes it."""

    time_stop = timedelta(hours=8)

    def __init__(self, config: TakerFlowExitsConfig) -> None:
        super().__init__(config)
        model = config.exit_model
        self.exits = HoldExit() if model is None else AdaptiveExit(model)
        self.hard_stop = config.hard_stop
        self.left_side = 0

    def on_position_closed(self, event: PositionClosed) -> None:
        """Remember which side an exit has left; the orders of exits are tagged."""
        closing = event.closing_order_id
        order = None if closing is None else self.cache.order(closing)
        if order is not None and order.tags:
            self.left_side = 1 if event.entry == OrderSide.BUY else -1

    def hold(self, target: float) -> None:
        """Stay out of the side that an exit has left, until the signal turns."""
        side = (target > 0) - (target < 0)
        if side != self.left_side:
            self.left_side = 0
        super().hold(0.0 if side and side == self.left_side else target)
