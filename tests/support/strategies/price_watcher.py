"""A strategy that says when it saw a new price, and when factors went and came."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from dolphin_strategies import ExternalFactors


class WatchesPrice(FactorStrategy[FactorStrategyConfig]):
    """Print ``PRICE <mid> <monotonic ns>`` at each new one of OKX, ``STALE``, ``RECOVERED``."""

    required_factors = ("mid_btc_okx", "mid_btc_binance")
    max_age = timedelta(seconds=1.5)
    last_price = 0.0

    def on_factors(self, f: ExternalFactors) -> None:
        now_ns = time.monotonic_ns()
        price = f["mid_btc_okx"]
        if price != self.last_price:
            self.last_price = price
            print(f"PRICE {price:.1f} {now_ns}", flush=True)

    def on_factors_stale(self) -> None:
        print("STALE", flush=True)

    def on_factors_recovered(self) -> None:
        print("RECOVERED", flush=True)
