"""ExitDesk: follows a strategy's open positions, and acts on what its exit policy says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies import ConfigError, StrategyObserver, observe
from dolphin_strategies.exits.holding.exit_orders import ExitOrders
from dolphin_strategies.exits.holding.instrument_prices import QUOTES, TRADES
from dolphin_strategies.exits.holding.open_positions import OpenPositions
from dolphin_strategies.exits.holding.time_alert import TimeAlert
from dolphin_strategies.exits.policies.exit_decision import ExitDecision
from dolphin_strategies.exits.policies.exit_policy import ExitPolicy, span_ns
from dolphin_strategies.exits.policies.exit_rules import check_positive, check_span

if TYPE_CHECKING:
    from collections.abc import Callable

    from dolphin_strategies.exits.holding.held_position import HeldPosition
    from dolphin_strategies.exits.holding.instrument_prices import InstrumentPrices

HARD_STOP: Final = ExitDecision(0.0, "hard stop")
TIME_STOP: Final = ExitDecision(0.0, "time stop")


class ExitDesk(StrategyObserver):
    """Looks at the open positions of a strategy after each datum, and sends orders.

    The strategy acts on a datum first; then the desk looks at the positions of the datum's
    instrument, after factors at all of them. The hard stop and the time stop are asked before the
    policy, so that no policy can loosen them.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet.
    policy : ExitPolicy
        What decides.

    Attributes
    ----------
    policy : ExitPolicy
        What decides.
    orders : ExitOrders
        Sends the orders, and counts them by reason.

    Raises
    ------
    TypeError
        If it is no policy.
    ConfigError
        If the policy looks at a factor that the strategy does not require.

    Notes
    -----
    Owned by the strategy's thread. An exception of a policy is one of the strategy's callback.

    """

    def __init__(self, strategy: Any, policy: ExitPolicy) -> None:
        self._strategy: Final = strategy
        self.orders: Final = ExitOrders(strategy)
        self._positions: Final = OpenPositions()
        self._hard_stop = math.inf
        self._time_stop_ns: float = math.inf
        self._is_running = False
        self.policy = policy
        self.change_policy(policy)
        observe(strategy, self)

    def change_policy(self, policy: ExitPolicy) -> None:
        """Let another policy decide, from the strategy's start on.

        Raises
        ------
        TypeError
            If it is no policy.
        ConfigError
            If the strategy runs, or does not require a factor that the policy looks at.

        """
        name = type(self._strategy).__name__
        if not isinstance(policy, ExitPolicy):
            msg = f"{name}.exits: expected an ExitPolicy, found {policy!r:.80}"
            raise TypeError(msg)
        if self._is_running:
            msg = f"{name}.exits: expected to be set before the start, found a running strategy"
            raise ConfigError(msg)
        missing = [n for n in policy.required_factors if n not in self._strategy.required_factors]
        if missing:
            msg = (
                f"{name}.exits: the policy looks at {', '.join(missing)}, which required_factors "
                f"of {name} lacks; add what is missing there"
            )
            raise ConfigError(msg)
        self.policy = policy

    def around_factors(self, on_factors: Callable[[Any], None]) -> Callable[[Any], None]:
        def observed(f: Any) -> None:
            self.orders.begin()
            on_factors(f)
            at_ns = f.ts_init
            for prices in self._positions.prices.values():
                if prices.held:
                    self._look(prices, at_ns)

        return observed

    def around_quote(self, on_quote: Callable[[Any], None]) -> Callable[[Any], None]:
        def observed(quote: Any) -> None:
            self.orders.begin()
            on_quote(quote)
            prices = self._positions.of(quote.instrument_id)
            at_ns = quote.ts_init
            prices.tick(QUOTES, (float(quote.bid_price) + float(quote.ask_price)) / 2, at_ns)
            if prices.held:
                self._look(prices, at_ns)

        return observed

    def around_trade(self, on_trade: Callable[[Any], None]) -> Callable[[Any], None]:
        def observed(trade: Any) -> None:
            self.orders.begin()
            on_trade(trade)
            prices = self._positions.of(trade.instrument_id)
            at_ns = trade.ts_init
            prices.tick(TRADES, float(trade.price), at_ns)
            if prices.held:
                self._look(prices, at_ns)

        return observed

    def around_bar(self, on_bar: Callable[[Any], None]) -> Callable[[Any], None]:
        def observed(bar: Any) -> None:
            self.orders.begin()
            on_bar(bar)
            prices = self._positions.of(bar.bar_type.instrument_id)
            prices.bar(bar)
            if prices.held:
                self._look(prices, bar.ts_init)

        return observed

    def around_decision(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        return self.orders.around_decision(name, call)

    def around_event(self, name: str, hook: Callable[[Any], None]) -> Callable[[Any], None]:
        follow = {
            "on_position_opened": self._positions.follow,
            "on_position_changed": self._positions.follow,
            "on_position_closed": self._positions.drop,
        }.get(name)
        if follow is None:
            return hook

        def observed(event: Any) -> None:
            follow(event)
            hook(event)

        return observed

    def around_lifecycle(self, name: str, hook: Callable[[], None]) -> Callable[[], None]:
        def starting() -> None:
            self._start()
            hook()
            self._positions.adopt(self._strategy)

        def stopping() -> None:
            self._is_running = False
            hook()

        return {"on_start": starting, "on_stop": stopping}.get(name, hook)

    def _start(self) -> None:
        """Read the declarations of the strategy."""
        strategy, policy = self._strategy, self.policy
        if strategy.hard_stop is not None:
            check_positive(hard_stop=strategy.hard_stop)
            self._hard_stop = strategy.hard_stop
        if strategy.time_stop is not None:
            check_span(time_stop=strategy.time_stop)
            self._time_stop_ns = span_ns(strategy.time_stop)
        limit_ns = self._time_stop_ns
        if policy.time_limit is not None:
            limit_ns = min(limit_ns, span_ns(policy.time_limit))
        alert = None if limit_ns == math.inf else TimeAlert(strategy.clock, self._on_time)
        self._positions.begin(policy, alert, limit_ns)
        self._is_running = True

    def _on_time(self, held: HeldPosition, at_ns: int) -> None:
        """Look at a position whose time is up, if it is still held."""
        prices = self._positions.of(held.view.instrument_id)
        if prices.held.get(held.position_id) is held:
            self.orders.begin()
            self._look(prices, at_ns)

    def _look(self, prices: InstrumentPrices, at_ns: int) -> None:
        """Decide about the positions of an instrument."""
        if not self._is_running:
            return
        factors = self._strategy.factors
        volatility = prices.ranges.volatility
        for held in (*prices.held.values(),):
            view = held.view
            view.now_ns = at_ns
            view.factors = factors
            if math.isnan(view.volatility):
                view.volatility = volatility
            if view.adverse >= self._hard_stop:
                decision = HARD_STOP
            elif at_ns - view.opened_ns >= self._time_stop_ns:
                decision = TIME_STOP
            else:
                decision = self.policy.decide(view)
            if decision.keep < view.remaining:
                self.orders.send(held, decision, at_ns)
