"""AccountWatch: the actor that looks at what an account has lost, and has the switch act."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId, Venue

from dolphin_strategies.order_gates.risk.trading import NODE, Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nautilus_trader.model import ClientId, Currency, InstrumentId

    from dolphin_strategies.order_gates.risk.losses.loss_rules import Baseline, LossRules
    from dolphin_strategies.order_gates.risk.trading import Command
    from dolphin_strategies.order_gates.risk.trading_switch import TradingSwitch

LOOK: Final = timedelta(milliseconds=250)
_TIMER: Final = "account-look"


class AccountWatch(DataActor):
    """Looks four times a second; subscribes to quotes, so that there is a price to exit at.

    Parameters
    ----------
    switch : TradingSwitch
        Acts; also on what it has begun.
    rules : LossRules
        The comparison.
    on_loss : "reduce", "halt" or "flat"
        What a loss does, once until the node is resumed.
    venues : iterable of str
        The venues with an account.
    currency : Currency
        The accounts' currency; what is held in others is not counted.
    instruments : mapping of InstrumentId to ClientId
        What quotes are subscribed of, at which client.
    remember : callable
        Takes what losses count from, whenever that has changed.

    Notes
    -----
    On the node's thread.

    """

    def __new__(cls, *_: Any, **__: Any) -> Self:
        config = DataActorConfig(actor_id=ActorId("ACCOUNT-WATCH"))
        return super().__new__(cls, config)  # type: ignore[call-arg]

    def __init__(  # noqa: PLR0913 - the parts of a watch
        self,
        switch: TradingSwitch,
        rules: LossRules,
        on_loss: Command,
        *,
        venues: Iterable[str],
        currency: Currency,
        instruments: Mapping[InstrumentId, ClientId | None],
        remember: Callable[[Baseline], object],
    ) -> None:
        super().__init__()
        self._switch: Final = switch
        self._on_loss: Final[Command] = on_loss
        self._venues: Final = [Venue(name) for name in venues]
        self._currency: Final = currency
        self._instruments: Final = instruments
        self._remember: Final = remember
        self._rules: Final = rules
        switch.listeners.append(self._on_change)

    def on_start(self) -> None:
        """Begin to look; called by Nautilus."""
        for instrument_id, client_id in self._instruments.items():
            self.subscribe_quotes(instrument_id, client_id)
        self._look(None)
        self.clock.set_timer(_TIMER, LOOK, callback=self._look)

    def on_stop(self) -> None:
        """Look no longer; called by Nautilus."""
        self.clock.cancel_timers()

    def _on_change(self, change: Change) -> None:
        if change.command == "resume":
            self._rules.begin_anew()

    def _look(self, _: object) -> None:
        self._switch.look()
        value = self._value()
        if value is None:
            return
        before = self._rules.baseline
        reached = self._rules.look(value, self.clock.timestamp_ns())
        after = self._rules.baseline
        if after is not None and after != before:
            self._remember(after)
        if reached:
            self._switch.tighten(Change(command=self._on_loss, who=NODE, why=reached))

    def _value(self) -> Decimal | None:
        """Return balances and unrealised PnL; None while a position has no price yet."""
        total = Decimal()
        for venue in self._venues:
            account = self.cache.account_for_venue(venue)
            balance = None if account is None else account.balance_total(self._currency)
            unrealized = unrealized_pnl(self._switch.portfolio, venue, self._currency)
            if balance is None or unrealized is None:
                return None
            total += balance.as_decimal() + unrealized
        return total


def unrealized_pnl(portfolio: Any, venue: Venue, currency: Currency) -> Decimal | None:
    """Return the unrealised PnL at a venue; None while Nautilus has no price of a position."""
    try:
        found = portfolio.unrealized_pnls(venue).get(currency)
    except RuntimeError:
        return None
    amount: Decimal = Decimal() if found is None else found.as_decimal()
    return amount
