"""An engine of a user's own knows from ``engine_data`` where a market is not there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import (
    AccountType,
    InstrumentClose,
    InstrumentStatus,
    Money,
    NautilusDataType,
    OmsType,
    OrderSide,
    Venue,
)
from nautilus_trader.persistence import ParquetDataCatalog
from nautilus_trader.trading import Strategy

from adapters.catalog import FactorCatalog
from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from dolphin_strategies import EXTERNAL_FACTORS, ConfigError
from tests.support.catalogs.backtests.market_with_holes import add_prices, at_ns, make_market

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nautilus_trader.model import CustomData, InstrumentId

TYPES: Final = {
    "quotes": NautilusDataType.QuoteTick,
    "trades": NautilusDataType.TradeTick,
    "bars": NautilusDataType.Bar,
}
FIVE_S: Final = timedelta(seconds=5)
PRICES: Final = {
    **{float(s): 100 + s for s in range(1, 11)},
    **{float(s): 200 + s for s in range(60, 71)},
}
"""A price each second, none for 50 s, and none after 70 s."""


class Plain(Strategy):
    """A strategy of Nautilus alone: it trades by turns at each record of factors."""

    def on_start(self) -> None:
        self.subscribe_data(EXTERNAL_FACTORS)
        self.refused: list[str] = []

    def on_data(self, data: CustomData) -> None:
        side = OrderSide.SELL if data.data["step"] % 2 else OrderSide.BUY
        size = btcusdt_perp().make_qty(0.01)
        self.submit_order(self.order_factory.market(BTCUSDT_PERP, side, size))

    def on_order_rejected(self, event: Any) -> None:
        self.refused.append(event.reason)


@pytest.fixture
def engine() -> Iterator[BacktestEngine]:
    """Return an engine with one venue and one instrument."""
    found = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(bypass_logging=True)))
    found.add_venue(
        Venue("BINANCE"),
        OmsType.NETTING,
        AccountType.MARGIN,
        [Money.from_str("100000 USDT")],
        default_leverage=Decimal(10),
        fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
    )
    found.add_instrument(btcusdt_perp())
    yield found
    found.dispose()


@pytest.mark.parametrize("kind", TYPES)
def test_any_strategy_in_any_engine_fills_at_prices_that_are_there(
    tmp_path: Path, kind: str, engine: BacktestEngine
) -> None:
    """Nothing fills in the hole; at the data's end the position is closed and orders refused."""
    steps = [5.5, 9.5, 30.0, 59.5, 65.5, 80.0, 90.0]
    path = make_market(tmp_path / "catalog", kind, PRICES, steps)
    strategy = Plain()
    engine.add_data(FactorCatalog(path).engine_data(max_price_age=FIVE_S))
    engine.add_data(ParquetDataCatalog(str(path)).query(TYPES[kind], None))
    engine.add_strategy(strategy)
    engine.run()
    fills = engine.generate_fills_report().sort_values("ts_event")
    seconds = [(stamp.value - at_ns(0)) / 1e9 for stamp in fills["ts_event"]]
    # The third, at 75 s and a nanosecond, is the engine's own at the end of the data.
    assert seconds == pytest.approx([5.5, 9.5, 65.5, 75.000000001], abs=1e-9)
    assert [float(price) for price in fills["last_px"]][-1] == pytest.approx(270, abs=0.1)
    assert not engine.cache.positions_open()
    assert len(strategy.refused) == 4
    assert all("CLOSED" in why or "expired" in why for why in strategy.refused)


def test_statuses_are_in_order_and_of_the_chosen_instruments(tmp_path: Path) -> None:
    """A second instrument has its own; an unknown one is refused with the nearest name."""
    path = make_market(tmp_path / "catalog", "quotes", PRICES, [1.0, 100.0])
    other: InstrumentId = type(BTCUSDT_PERP).from_str("ETHUSDT-PERP.BINANCE")
    add_prices(
        ParquetDataCatalog(str(path)), "quotes", {float(s): 9 for s in range(1, 120)}, other
    )
    catalog = FactorCatalog(path)
    found = catalog.engine_data(max_price_age={"BTCUSDT-PERP.BINANCE": FIVE_S})[2:]
    expected = [
        ("NONE", 15.0), ("HALT", 15.000000001), ("TRADING", 60.0),
        ("NONE", 75.0), ("HALT", 75.000000001), (270.0, 75.000000001),
    ]  # fmt: skip
    assert [_described(status) for status in found] == expected
    assert {status.instrument_id for status in found} == {BTCUSDT_PERP}
    assert len(catalog.engine_data(instruments=[], max_price_age=FIVE_S)) == 2
    with pytest.raises(ConfigError, match=r"did you mean 'ETHUSDT-PERP\.BINANCE'"):
        catalog.engine_data(instruments=["ETHUSDT-PREP.BINANCE"])


def test_a_window_that_ends_in_a_hole_halts_and_closes_nothing(tmp_path: Path) -> None:
    """Prices follow after the window: the position is not lost, it is undecided."""
    path = make_market(tmp_path / "catalog", "trades", PRICES, [1.0, 100.0])
    found = FactorCatalog(path).engine_data(at_ns(0), at_ns(40), max_price_age=FIVE_S)
    assert [_described(s)[0] for s in found if not hasattr(s, "data")] == ["NONE", "HALT"]


def _described(status: Any) -> tuple[Any, float]:
    second = (status.ts_init - at_ns(0)) / 1e9
    if isinstance(status, InstrumentStatus):
        return status.action.name, second
    assert isinstance(status, InstrumentClose)
    return float(status.close_price), second
