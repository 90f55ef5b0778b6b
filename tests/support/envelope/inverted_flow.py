"""TakerFlow with its signal the wrong way round, which leaves TakerFlow's envelope."""

from __future__ import annotations

from dolphin_strategies.examples.taker_flow import TakerFlow


class InvertedFlow(TakerFlow):
    """Be short where TakerFlow is long."""

    def hold(self, target: float) -> None:
        super().hold(-target)
