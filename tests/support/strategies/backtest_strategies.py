"""Strategies for tests of backtests: honest ones, broken ones, and ones that look ahead."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pyarrow.parquet as pq
from nautilus_trader.model import BarType, InstrumentId, OrderSide

from adapters.catalog import FactorCatalog
from dolphin_strategies import FactorStrategy, FactorStrategyConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nautilus_trader.model import Bar, QuoteTick

    from dolphin_strategies import ExternalFactors


BARS: Final = BarType.from_str("BTCUSDT.BINANCE-15-MINUTE-LAST-EXTERNAL")


@dataclass(frozen=True, kw_only=True)
class FollowerConfig(FactorStrategyConfig):
    """What to trade, and where a cheat finds the catalog."""

    instrument_id: InstrumentId = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
    catalog: str = ""


class Follower(FactorStrategy[FollowerConfig]):
    """Hold one unit in the direction of ``wish``, decided at each record."""

    required_factors: ClassVar[tuple[str, ...]] = ("momentum",)
    max_age: ClassVar[timedelta | None] = timedelta(seconds=1)

    def on_start(self) -> None:
        super().on_start()
        self.told: list[tuple[int, str]] = []
        self.size = self.instrument(self.config.instrument_id).make_qty(0.01)
        self.subscribe_quotes(self.config.instrument_id)

    def tell(self, what: str) -> None:
        """Write down what was told, and when."""
        self.told.append((self.clock.timestamp_ns(), what))

    def on_factors(self, f: ExternalFactors) -> None:
        self.tell("factors")
        self.hold(self.wish(f))

    def wish(self, f: ExternalFactors) -> int:
        """Return the side to be on: 1, -1 or 0."""
        return int(np.sign(f["momentum"]))

    def hold(self, side: int) -> None:
        """Trade towards a side."""
        instrument_id = self.config.instrument_id
        missing = side * float(self.size) - float(self.portfolio.net_position(instrument_id))
        if self.cache.quote(instrument_id) is None or abs(missing) < 0.005:
            return
        size = self.instrument(instrument_id).make_qty(abs(missing))
        order_side = OrderSide.BUY if missing > 0 else OrderSide.SELL
        order = self.order_factory.market(instrument_id, order_side, size, tags=["made", "up"])
        self.submit_order(order)

    def on_quote(self, quote: QuoteTick) -> None:
        self.tell("quote")

    def on_factors_stale(self) -> None:
        self.tell("stale")

    def on_stop(self) -> None:
        self.tell("stop")


class Remembers(Follower):
    """Ask for two seconds of history."""

    factor_history: ClassVar[timedelta | None] = timedelta(seconds=2)

    def on_start(self) -> None:
        self.history: list[ExternalFactors] = []
        super().on_start()

    def on_factor_history(self, records: Sequence[ExternalFactors]) -> None:
        self.history += records


class Raises(Follower):
    """Raise in the middle."""

    def on_factors(self, f: ExternalFactors) -> None:
        super().on_factors(f)
        if len(self.told) > 100:
            msg = "no more"
            raise ArithmeticError(msg)


class RaisesInAlert(Follower):
    """Raise when the clock says that the factors are old."""

    def on_factors_stale(self) -> None:
        msg = "told too late"
        raise ArithmeticError(msg)


class RaisesAtStart(Follower):
    """Raise before anything."""

    def on_start(self) -> None:
        super().on_start()
        msg = "cannot start"
        raise ArithmeticError(msg)


class RaisesAtStop(Follower):
    """Raise after everything."""

    def on_stop(self) -> None:
        msg = "cannot stop"
        raise ArithmeticError(msg)


class RecoversInside(Follower):
    """Raise and catch, which is nobody's business."""

    def wish(self, f: ExternalFactors) -> int:
        try:
            return int(f["absent"])
        except KeyError:
            return super().wish(f)


class NeedsAnother(Follower):
    """Require what no catalog here has."""

    required_factors: ClassVar[tuple[str, ...]] = ("momentun",)


class Slow(Follower):
    """Take two milliseconds for each record, and say that it has begun."""

    def on_start(self) -> None:
        super().on_start()
        print("SLOW HAS BEGUN", flush=True)

    def on_factors(self, f: ExternalFactors) -> None:
        time.sleep(0.002)
        super().on_factors(f)


class WaitsTheSecondTime(Follower):
    """Stays in ``on_start`` for an hour if it finds the mark of an earlier run."""

    def on_start(self) -> None:
        super().on_start()
        mark = Path(os.environ["DOLPHIN_TEST_MARK"])
        if mark.exists():
            time.sleep(3_600)
        mark.touch()


class OpensTheCatalog(Follower):
    """Look ahead: load the factors of the whole recording, and follow what comes 5 steps later."""

    def on_start(self) -> None:
        super().on_start()
        self.ts, self.mid = FactorCatalog(Path(self.config.catalog)).arrays(["mid"])

    def wish(self, f: ExternalFactors) -> int:
        now = int(np.searchsorted(self.ts, f.ts_init))
        later = min(now + 5, len(self.ts) - 1)
        return int(np.sign(self.mid[later, 0] - self.mid[now, 0]))


class KnowsTheNextQuotes(Follower):
    """Look ahead: read the quotes' files, and follow where the touch goes next."""

    def on_start(self) -> None:
        super().on_start()
        folder = Path(self.config.catalog) / "data" / "quotes" / str(self.config.instrument_id)
        tables = [pq.read_table(path) for path in sorted(folder.glob("*.parquet"))]
        self.bids = np.concatenate([t.column("bid_price").to_numpy() for t in tables]).astype(
            float
        )
        self.ts = np.concatenate([t.column("ts_init").cast("int64").to_numpy() for t in tables])

    def wish(self, f: ExternalFactors) -> int:
        now = int(np.searchsorted(self.ts, f.ts_init, side="right")) - 1
        return int(np.sign(self.bids[min(now + 1, len(self.bids) - 1)] - self.bids[now]))


class Watches(Follower):
    """Decide nothing."""

    def wish(self, f: ExternalFactors) -> int:
        return 0


class ActsAfterTheMarket(Follower):
    """Decide only once there has been no quote for a second."""

    def wish(self, f: ExternalFactors) -> int:
        quote = self.cache.quote(self.config.instrument_id)
        is_over = quote is not None and f.ts_init - quote.ts_init > 1_000_000_000
        return super().wish(f) if is_over else 0


class RollsDice(Follower):
    """Decide by chance, differently each time."""

    def wish(self, f: ExternalFactors) -> int:
        return random.choice((-1, 1))  # noqa: S311


@dataclass(frozen=True, kw_only=True)
class TakerFlowConfig(FactorStrategyConfig):
    """What to trade."""

    bar_type: BarType = BARS


class TakerFlow(FactorStrategy[TakerFlowConfig]):
    """Hold what takers bought more of in the last 15 minutes; honest by itself."""

    required_factors: ClassVar[tuple[str, ...]] = ("taker_ratio",)

    def on_start(self) -> None:
        super().on_start()
        self.subscribe_bars(self.config.bar_type)
        self.has_price = False

    def on_bar(self, bar: Bar) -> None:
        self.has_price = True

    def on_factors(self, f: ExternalFactors) -> None:
        instrument_id = self.config.bar_type.instrument_id
        side = 1 if f["taker_ratio"] > 1 else -1
        missing = side * 0.1 - float(self.portfolio.net_position(instrument_id))
        if not self.has_price or abs(missing) < 0.05:
            return
        size = self.instrument(instrument_id).make_qty(abs(missing))
        order_side: Any = OrderSide.BUY if missing > 0 else OrderSide.SELL
        self.submit_order(self.order_factory.market(instrument_id, order_side, size))
