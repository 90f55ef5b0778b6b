"""Synthetic quotes where they are traded: in a backtest, and in a live node's sandbox."""

from __future__ import annotations

import re
import signal
from decimal import Decimal
from typing import TYPE_CHECKING

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import (
    AccountType,
    Currency,
    CustomData,
    Money,
    OmsType,
    OrderSide,
    Price,
    Quantity,
    QuoteTick,
    Venue,
)

from adapters.feed.synthetic_quote_maker import QuoteMaker, synthetic_quotes
from adapters.market.btcusdt_instruments import BTCUSDT_EXF, BTCUSDT_PERP, btcusdt_synthetic
from dolphin_strategies import (
    EXTERNAL_FACTORS,
    ExternalFactors,
    FactorSchema,
    FactorStrategy,
    FactorStrategyConfig,
)
from tests.support.nodes.node_process import node

if TYPE_CHECKING:
    from pathlib import Path

    from nautilus_trader.model import OrderFilled

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


class BuysOnce(FactorStrategy[FactorStrategyConfig]):
    """Buy at the third record, and note what it hears."""

    def on_start(self) -> None:
        super().on_start()
        self.heard: list[str] = []
        self.fills: list[float] = []
        self.subscribe_quotes(BTCUSDT_EXF)

    def on_factors(self, f: ExternalFactors) -> None:
        self.heard.append("factors")
        if f.sequence == 3:
            size = Quantity(0.5, 8)
            self.submit_order(self.order_factory.market(BTCUSDT_EXF, OrderSide.BUY, size))

    def on_quote(self, quote: QuoteTick) -> None:
        self.heard.append("quote")

    def on_order_filled(self, event: OrderFilled) -> None:
        self.fills.append(event.last_px.as_double())


def test_a_backtest_matches_on_the_quotes_of_recorded_factors() -> None:
    """The order fills at the synthetic ask of its moment; each quote follows its record."""
    schema = FactorSchema(["spread", "imbal_btc"])
    records = [
        ExternalFactors.from_values(
            schema,
            [10.0, 0.0],
            ts_event=START + n * SECOND,
            ts_init=START + n * SECOND,
            sequence=n,
        )
        for n in range(1, 5)
    ]
    one = Quantity(1, 3)
    real = [
        QuoteTick(BTCUSDT_PERP, Price(p, 1), Price(p, 1), one, one, START + t, START + t)
        for t, p in ((0, 50_000.0), (2 * SECOND - 1, 60_000.0))
    ]
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(bypass_logging=True)))
    engine.add_venue(
        venue=Venue("EXF"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        starting_balances=[Money(1_000_000, Currency.from_str("USDT"))],
        fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
    )
    engine.add_instrument(btcusdt_synthetic())
    strategy = BuysOnce(FactorStrategyConfig())
    engine.add_strategy(strategy)
    engine.add_data([CustomData(EXTERNAL_FACTORS, f) for f in records])
    engine.add_data(synthetic_quotes(QuoteMaker(btcusdt_synthetic()), records, real))
    engine.run()
    heard, fills = strategy.heard, strategy.fills
    engine.dispose()
    assert heard == ["factors", "quote"] * 4
    # The position is closed at the end, at the bid.
    assert fills == [60_030.0, 59_970.0]


def test_a_live_nodes_sandbox_matches_on_them(tmp_path: Path) -> None:
    """The example taker trades BTCUSDT.EXF alone, at prices that were quoted, and ends flat."""
    config = tmp_path / "node.toml"
    config.write_text('[strategy]\ninstrument_id = "BTCUSDT.EXF"\nenter_imbalance = 0.3\n')
    arguments = ["--config", config, "--synthetic-quotes"]
    with node(*arguments, "--strategy", "tests.support.strategies.exf_taker:ExfTaker") as process:
        process.wait_for_factors(1000)
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
        found = re.search(r"EXF fills (\d+) at the touch (\d+) quotes (\d+)", process.output)
        assert found, process.output
        fills, at_the_touch, quotes = map(int, found.groups())
        assert fills == at_the_touch > 0
        assert quotes > 100
        assert "left open nothing" in process.output
        fees = re.search(r"fees +([\d.,]+)", process.output)
        assert fees
        assert float(fees.group(1)) > 0


def test_made_up_quotes_never_go_to_a_real_venue(tmp_path: Path) -> None:
    """An instrument of the market's own venue is refused."""
    config = tmp_path / "node.toml"
    config.write_text('[synthetic_quotes]\nenabled = true\ninstrument = "BTCUSDT.BINANCE"\n')
    with node("--config", config, "--check") as process:
        assert process.exit_code() == 2
        assert "a venue of its own" in process.output
