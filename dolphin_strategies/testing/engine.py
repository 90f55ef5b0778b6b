"""The BacktestEngine of a harness."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import AccountType, Money, OmsType

from dolphin_strategies import ConfigError
from dolphin_strategies.order_gates.price_gate import PriceGate
from dolphin_strategies.order_gates.price_rules import PriceRules
from dolphin_strategies.order_gates.risk.node_risk import NodeRisk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from dolphin_strategies import FactorStrategy
    from dolphin_strategies.order_gates.price_rules import StalePrice
    from dolphin_strategies.order_gates.risk.risk_limits import RiskLimits

LEVERAGE: Final = Decimal(10)
"""Of every account, as in the settings of nodes and backtests."""


def make_engine(
    instruments: Sequence[Any], balance: str, fees: tuple[Decimal, Decimal]
) -> BacktestEngine:
    """Return an engine with a margin account at each venue and without any log.

    Raises
    ------
    ConfigError
        If the balance is no amount.

    """
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(bypass_logging=True)))
    try:
        money = Money.from_str(balance)
    except ValueError as error:
        msg = f'balance: expected an amount such as "100000 USDT", found {balance!r}: {error}'
        raise ConfigError(msg) from None
    for venue in dict.fromkeys(i.id.venue for i in instruments):
        engine.add_venue(
            venue,
            OmsType.NETTING,
            AccountType.MARGIN,
            [money],
            default_leverage=LEVERAGE,
            fee_model=MakerTakerFeeModel(*fees),
            trade_execution=False,
        )
    for instrument in instruments:
        engine.add_instrument(instrument)
    return engine


def add_gates(
    engine: BacktestEngine,
    strategy: FactorStrategy[Any],
    max_price_age: timedelta | None,
    stale_price: StalePrice,
    limits: RiskLimits | None,
) -> NodeRisk | None:
    """Put gates between a strategy and an engine; return what keeps the limits, if there are any.

    Parameters
    ----------
    engine : BacktestEngine
        Has its instruments.
    strategy : FactorStrategy
        Not added yet.
    max_price_age : timedelta, optional
        How old a price may be for an order; None: of any age.
    stale_price : "refuse" or "wait"
        What happens to an order whose price is older.
    limits : RiskLimits, optional
        The limits.

    """
    risk = None
    if limits is not None:
        instruments = engine.cache.instruments()
        venues = dict.fromkeys(str(i.id.venue) for i in instruments)
        currency = instruments[0].settlement_currency
        risk = NodeRisk(strategy, limits, venues=venues, currency=currency, quotes={})
        engine.add_exec_algorithm(risk.gate.algorithm)
        engine.add_actor(risk.watch)
    if max_price_age is not None:
        age_ns = round(max_price_age.total_seconds() * 1e9)
        rules = PriceRules(stale_price=stale_price, other_max_age_ns=age_ns)
        gate = PriceGate(strategy, rules, None if risk is None else risk.gate.algorithm)
        if risk is None:
            engine.add_exec_algorithm(gate.algorithm)
        engine.add_actor(gate.watch)
    return risk
