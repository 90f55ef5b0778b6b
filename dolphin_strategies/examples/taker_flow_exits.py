"""TakerFlowExits: TakerFlow with exits, which does not come back until its signal has turned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

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
        self.target = self.left_side = 0.0

    def on_position_closed(self, event: PositionClosed) -> None:
        """Remember which side an exit has left."""
        self.left_side = math.copysign(1, self.target) if self.target else 0.0

    def hold(self, target: float) -> None:
        """Stay out of the side that an exit has left, until the signal turns."""
        side = math.copysign(1, target) if target else 0.0
        if side != self.left_side:
            self.left_side = 0.0
        self.target = 0.0 if side and side == self.left_side else target
        super().hold(self.target)
