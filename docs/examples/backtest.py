"""A backtest engine of one's own over recorded factors: ``backtest.py CATALOG``."""

import sys
from decimal import Decimal
from pathlib import Path

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import AccountType, Money, NautilusDataType, OmsType
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog
from dolphin_strategies.examples.imbalance_taker import ImbalanceTaker, ImbalanceTakerConfig

catalog = ParquetDataCatalog(sys.argv[1])
(instrument,) = catalog.instruments(["BTCUSDT-PERP.BINANCE"])
engine = BacktestEngine(BacktestEngineConfig())
engine.add_venue(
    instrument.id.venue, OmsType.NETTING, AccountType.MARGIN, [Money.from_str("100000 USDT")],
    fee_model=MakerTakerFeeModel(Decimal("0.0002"), Decimal("0.0005")),
)
engine.add_instrument(instrument)
engine.add_data(FactorCatalog(Path(sys.argv[1])).engine_data())  # first: factors win ties
engine.add_data(catalog.query(NautilusDataType.QuoteTick, [str(instrument.id)]))
engine.add_strategy(ImbalanceTaker(ImbalanceTakerConfig()))
engine.run()
print(engine.get_result())
engine.dispose()
