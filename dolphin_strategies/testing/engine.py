"""The BacktestEngine of a harness."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import AccountType, Money, OmsType

from dolphin_strategies import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
