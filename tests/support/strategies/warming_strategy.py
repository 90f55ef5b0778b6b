"""A strategy for run_node.py that says at the end what its warm-up gave it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dolphin_strategies import ExternalFactors


LIVE = 11
"""Records of now after which it says so."""


class WarmingStrategy(FactorStrategy[FactorStrategyConfig]):
    """Count records of the past and of now."""

    required_factors: ClassVar[tuple[str, ...]] = ("imbal_btc",)
    factor_history: ClassVar[timedelta | None] = timedelta(hours=1)

    def on_start(self) -> None:
        self.history = self.live = 0
        super().on_start()

    def on_factor_history(self, records: Sequence[ExternalFactors]) -> None:
        assert not self.live
        self.history += len(records)

    def on_factors(self, f: ExternalFactors) -> None:
        self.live += 1
        if self.live == LIVE:
            print("LIVE", flush=True)

    def on_stop(self) -> None:
        print(f"WARMED UP with {self.history}, then {self.live >= LIVE}", flush=True)
