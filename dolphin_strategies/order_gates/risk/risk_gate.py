"""RiskGate: refuses a strategy's orders by the node's trading state and its limits."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import TradingState

from dolphin_strategies import OrderRateLimit
from dolphin_strategies.order_gates.order_gate import OrderGate
from dolphin_strategies.order_gates.risk.exposure import Exposure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nautilus_trader.model import InstrumentId
    from nautilus_trader.trading import ExecutionAlgorithm

    from dolphin_strategies import FactorStrategy
    from dolphin_strategies.order_gates.risk.risk_limits import RiskLimits
    from dolphin_strategies.order_gates.risk.trading import Trading

_OWN: Final = ("cancel_order", "market_exit")


class RiskGate(OrderGate):
    """Lets nothing pass while the node is halted, exits while it reduces, and then by limits.

    Limits bound entries; an exit passes them all. Each refusal begins with a word in capitals:
    ``HALTED``, ``REDUCING``, ``INSTRUMENT``, ``MAX_ORDER_NOTIONAL``, ``MAX_POSITION``,
    ``MAX_NOTIONAL``, ``MAX_ORDER_RATE``, ``FACTOR_AGE``, ``PRICE_MISSING``.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet, and observed by nobody: the gate is the last before Nautilus.
    limits : RiskLimits
        The limits.
    trading : Trading
        The trading state.
    algorithm : ExecutionAlgorithm, optional
        See :class:`OrderGate`.

    Attributes
    ----------
    refused : dict of str to int
        Refused orders, by the word.

    """

    def __init__(
        self,
        strategy: FactorStrategy[Any],
        limits: RiskLimits,
        trading: Trading,
        algorithm: ExecutionAlgorithm | None = None,
    ) -> None:
        self._limits: Final = limits
        self._trading: Final = trading
        self._rate: Final = (
            None if limits.max_orders_per_s is None else OrderRateLimit(limits.max_orders_per_s)
        )
        self._is_limited: Final = limits.bounds_entries
        self._exposure: Exposure | None = None
        self.refused: Final[dict[str, int]] = {}
        super().__init__(strategy, algorithm)

    @property
    def exposure(self) -> Exposure | None:
        """What is held and on its way; None before the start."""
        return self._exposure

    def started(self) -> None:
        self._exposure = Exposure(self._cache)

    def around_decision(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        if name in _OWN:
            self._calls[name] = call
        return super().around_decision(name, call)

    def own(self, name: str) -> Callable[..., Any]:
        """Return Nautilus's method, past all observers: what a node does itself is no decision."""
        return self._calls[name]

    def deny(self, orders: Iterable[Any], reason: str) -> None:
        word = reason.partition(":")[0]
        denied = [*orders]
        self.refused[word] = self.refused.get(word, 0) + len(denied)
        super().deny(denied, reason)

    def problem_of_closing(self, position: Any) -> str:
        if self._trading.state == TradingState.HALTED:
            return self._halted("HALTED")
        return self._of_instrument(position.instrument_id)

    def problem_of_modification(self, order: Any) -> str:
        exposure, state = self._exposure, self._trading.state
        if state == TradingState.HALTED:
            return self._halted("HALTED")
        if state == TradingState.REDUCING and not (exposure and exposure.is_exit(order)):
            return self._halted("REDUCING")
        return ""

    def _submit_order(self, order: Any, *arguments: Any, **keywords: Any) -> None:
        self._submit((order,), "submit_order", order, *arguments, **keywords)

    def _submit_order_list(self, orders: Sequence[Any], *arguments: Any, **keywords: Any) -> None:
        self._submit(orders, "submit_order_list", orders, *arguments, **keywords)

    def _submit(self, orders: Sequence[Any], name: str, *arguments: Any, **keywords: Any) -> None:
        exposure = self._exposure
        if exposure is None:  # before the start, when Nautilus refuses orders itself
            self._calls[name](*arguments, **keywords)
            return
        is_free = not self._is_limited and self._trading.state == TradingState.ACTIVE
        if problem := "" if is_free else self._problem(orders, exposure):
            self.deny(orders, problem)
            return
        for order in orders:
            exposure.sent(order)
        self._calls[name](*arguments, **keywords)

    def _problem(self, orders: Sequence[Any], exposure: Exposure) -> str:
        state = self._trading.state
        if state == TradingState.HALTED:
            return self._halted("HALTED")
        for order in orders:
            if problem := self._of_instrument(order.instrument_id):
                return problem
        entries = [order for order in orders if not exposure.is_exit(order)]
        if not entries:
            return ""
        if state == TradingState.REDUCING:
            return self._halted("REDUCING")
        return (
            self._of_factors()
            or next(filter(None, map(self._of_notional, entries)), "")
            or self._of_positions(entries, exposure)
            or self._of_rate(len(entries))
        )

    def _halted(self, word: str) -> str:
        return f"{word}: {self._trading.last}"

    def _of_instrument(self, instrument_id: InstrumentId) -> str:
        ours = self._limits.instruments
        if not ours or instrument_id.value in ours:
            return ""
        return f"INSTRUMENT: {instrument_id} is none of this node's ({', '.join(sorted(ours))})"

    def _of_factors(self) -> str:
        limit_ns = self._limits.max_factor_age_ns
        if limit_ns is None:
            return ""
        factors = self._strategy.factors
        if factors is None:
            return "FACTOR_AGE: there are no factors to trade on"
        age_ns = self._clock.timestamp_ns() - factors.ts_event
        if age_ns <= limit_ns:
            return ""
        return f"FACTOR_AGE: {age_ns / 1e9:.3f} s exceed the limit of {limit_ns / 1e9:g} s"

    def _of_notional(self, order: Any) -> str:
        limit = self._limits.max_order_notional
        if limit is None:
            return ""
        found = self._notional(order.instrument_id, order.quantity.as_decimal(), order)
        return _over("MAX_ORDER_NOTIONAL", found, limit, str(order.instrument_id))

    def _of_positions(self, entries: Sequence[Any], exposure: Exposure) -> str:
        limits = self._limits
        of: dict[InstrumentId, list[Any]] = {}
        for order in entries:
            of.setdefault(order.instrument_id, []).append(order)
        for instrument_id, orders in of.items():
            limit = limits.max_position.get(instrument_id.value)
            if limit is not None:
                largest = exposure.largest(instrument_id, orders)
                if problem := _over("MAX_POSITION", largest, limit, str(instrument_id)):
                    return problem
        if limits.max_notional is None:
            return ""
        total: Decimal | None = Decimal()
        for instrument_id in exposure.instruments() | of.keys():
            orders = of.get(instrument_id, [])
            largest = exposure.largest(instrument_id, orders)
            found = self._notional(instrument_id, largest, *orders[:1])
            total = None if found is None or total is None else total + found
        return _over("MAX_NOTIONAL", total, limits.max_notional, "all instruments")

    def _of_rate(self, count: int) -> str:
        if self._rate is None:
            return ""
        now_ns = self._clock.timestamp_ns()
        if all(self._rate.allow(now_ns) for _ in range(count)):
            return ""
        return f"MAX_ORDER_RATE: over {self._limits.max_orders_per_s} orders in a second"

    def _notional(
        self, instrument_id: InstrumentId, quantity: Decimal, order: Any = None
    ) -> Decimal | None:
        """Return what a quantity is worth, at the order's price or the newest; None: no price."""
        if not quantity:
            return Decimal()
        instrument = self._cache.instrument(instrument_id)
        price = getattr(order, "price", None) or self._price(instrument_id)
        if price is None or instrument is None:
            return None
        size: Decimal = quantity * instrument.multiplier.as_decimal()
        at: Decimal = price.as_decimal()
        return size / at if instrument.is_inverse else size * at

    def _price(self, instrument_id: InstrumentId) -> Any:
        quote = self._cache.quote(instrument_id)
        if quote is not None:
            return quote.ask_price
        trade = self._cache.trade(instrument_id)
        return None if trade is None else trade.price


def _over(word: str, found: Decimal | None, limit: Decimal, what: str) -> str:
    if found is None:
        return f"PRICE_MISSING: {what} has no price by which {word.lower()} could be kept"
    if found <= limit:
        return ""
    return f"{word}: {found.normalize():f} of {what} exceed the limit of {limit.normalize():f}"
