"""RiskSettings: what a node may hold, send and lose, and where its trading state is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from nautilus_trader.model import InstrumentId

from adapters.command.durations import Duration
from adapters.command.field_rules import CheckedFields, at_least, more_than
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.order_gates.risk.risk_limits import OnLoss, RiskLimits


@dataclass(frozen=True, kw_only=True)
class RiskSettings(CheckedFields):
    """The ``[risk]`` table; see :class:`RiskLimits` for what each limit counts.

    Attributes
    ----------
    instruments : list of InstrumentId
        The instruments whose orders and positions are this node's; real orders need them.
    max_order_notional : Decimal, optional
        USDT, of one order.
    max_position : dict of str to Decimal
        By instrument.
    max_notional : Decimal, optional
        USDT, of everything held or on its way.
    max_orders_per_s : int, optional
        Orders in any second.
    max_factor_age : Duration, optional
        Of the record that the strategy acts on.
    max_daily_loss, max_drawdown : Decimal, optional
        USDT.
    on_loss : "reduce", "halt" or "flat"
        What happens once one of these is lost.
    journal : Path, optional
        Where commands and limits that were reached are written, so that the next start goes on
        with them; with real orders by default beside the configuration.

    """

    instruments: list[InstrumentId] = field(default_factory=list)
    max_order_notional: Annotated[Decimal, more_than(0)] | None = None
    max_position: dict[str, Decimal] = field(default_factory=dict)
    max_notional: Annotated[Decimal, more_than(0)] | None = None
    max_orders_per_s: Annotated[int, at_least(1)] | None = None
    max_factor_age: Duration | None = None
    max_daily_loss: Annotated[Decimal, more_than(0)] | None = None
    max_drawdown: Annotated[Decimal, more_than(0)] | None = None
    on_loss: OnLoss = "flat"
    journal: Path | None = None

    def limits(self) -> RiskLimits:
        """Return the limits.

        Raises
        ------
        ConfigError
            If a position is limited below 0, or of what is no instrument of the node.

        """
        names = frozenset(map(str, self.instruments))
        for name, limit in self.max_position.items():
            if limit < 0 or not limit.is_finite():
                msg = f"[risk] max_position {name!r}: expected 0 or more, found {limit}"
                raise ConfigError(msg)
            if names and name not in names:
                msg = (
                    f"[risk] max_position {name!r}: expected one of instruments "
                    f"({', '.join(sorted(names))})"
                )
                raise ConfigError(msg)
        return RiskLimits(
            instruments=names,
            max_order_notional=self.max_order_notional,
            max_position=self.max_position,
            max_notional=self.max_notional,
            max_orders_per_s=self.max_orders_per_s,
            max_factor_age_ns=None if self.max_factor_age is None else self.max_factor_age.ns,
            max_daily_loss=self.max_daily_loss,
            max_drawdown=self.max_drawdown,
            on_loss=self.on_loss,
        )
