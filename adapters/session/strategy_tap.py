"""StrategyTap: numbers what a strategy is given, and sees what it decides."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from nautilus_trader.model import OrderInitialized

from adapters.session import decisions
from adapters.session.frames import FACTORS, HISTORY, RELEASED
from dolphin_strategies.factors.external_factors import EXTERNAL_FACTORS, ExternalFactors
from dolphin_strategies.factors.feed_messages import FeedMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nautilus_trader.model import CustomData, QuoteTick, TradeTick

    from adapters.strategy_class import AnyFactorStrategy

type Cause = Literal["input", "event", "clock", "start", "stop"]

_EVENT_HOOKS: Final = ("on_order_event", "on_position_event")
_STOP_HOOKS: Final = ("on_market_exit", "post_market_exit", "on_stop")
_RECORDED: Final = ("subscribe_data", "subscribe_quotes", "subscribe_trades")


class SessionLog(Protocol):
    """What a tap tells. What is raised in here reaches no strategy: see ``problem``."""

    def factors(self, kind: int, number: int, delivered_ns: int, f: ExternalFactors) -> None:
        """Take factors that the strategy was given."""

    def quote(self, number: int, delivered_ns: int, quote: QuoteTick) -> None:
        """Take a quote that the strategy was given."""

    def trade(self, number: int, delivered_ns: int, trade: TradeTick) -> None:
        """Take a trade that the strategy was given."""

    def line(self, line: dict[str, Any]) -> None:
        """Take a decision, an execution event or another occurrence."""


class StrategyTap:
    """Wraps the methods of a strategy's instance by which things come in and go out.

    Every input has a number, 1, 2, 3, ..., and a delivery time that rises strictly:
    ``max(now, previous + 1)``. Every decision has its cause and the number of the input that was
    the last one when it was made.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet.
    log : SessionLog
        What is told.
    now_ns : callable
        The clock of the delivery times, UNIX nanoseconds.

    Attributes
    ----------
    number : int
        Of the last input; 0 before the first.
    failure : str
        The first exception that left one of the strategy's methods; empty without one.
    problem : str
        The first exception that the log or the tap itself raised; empty without one.

    Notes
    -----
    Owned by the strategy's thread. The strategy itself is given exactly what it would be given
    without a tap; an input is told after the strategy has acted on it, so that its orders do
    not wait for the recording. A live record that a strategy keeps back until its history is
    complete is an input when it is let go, as history or as the newest.

    """

    def __init__(
        self, strategy: AnyFactorStrategy, log: SessionLog, now_ns: Callable[[], int]
    ) -> None:
        self.number = 0
        self.delivered_ns = 0
        self.failure = ""
        self.problem = ""
        self.ordinals: Final = decisions.Ordinals()
        self._strategy: Final = strategy
        self._log: Final = log
        self._now_ns: Final = now_ns
        self._cause: Cause = "clock"
        self._lines: Final = itertools.count(1)
        self._acting = 0
        self._is_warming_up = False
        self._unrecorded: set[str] = set()
        self._tap_inputs()
        self._tap_history()
        self._tap_occurrences()
        for method in decisions.DECISIONS:
            self._tap_decision(method)
        for name in dir(strategy):
            if name.startswith(("subscribe_", "request_")) and name not in _RECORDED:
                self._tap_unrecorded(name)

    # ---- inputs ------------------------------------------------------------------------------

    def _tap_inputs(self) -> None:
        strategy, log = self._strategy, self._log
        strategy.on_quote = self._tapped_tick(strategy.on_quote, log.quote)  # type: ignore[method-assign, assignment]
        strategy.on_trade = self._tapped_tick(strategy.on_trade, log.trade)  # type: ignore[method-assign, assignment]
        on_data = strategy.on_data
        last: ExternalFactors | None = None

        def tapped_data(data: Any) -> None:
            nonlocal last
            f = data.data
            if f is last:
                # A spinning feed repeats its last record to stay warm.
                on_data(data)
                return
            if type(f) is not ExternalFactors or self._is_warming_up:
                if not isinstance(f, ExternalFactors | FeedMessage):
                    self._tell_unrecorded(type(f).__name__)
                on_data(data)
                return
            last = f
            self._begin()
            try:
                on_data(data)
            except BaseException as error:
                self._fail(error)
                raise
            finally:
                self._cause = "clock"
                try:
                    log.factors(FACTORS, self.number, self.delivered_ns, f)
                except Exception as error:  # noqa: BLE001 - see SessionLog
                    self._note(error)

        strategy.on_data = tapped_data  # type: ignore[method-assign]

    def _tapped_tick(
        self, hook: Callable[[Any], None], log: Callable[[int, int, Any], None]
    ) -> Callable[[Any], None]:
        def tapped(tick: Any) -> None:
            self._begin()
            try:
                hook(tick)
            except BaseException as error:
                self._fail(error)
                raise
            finally:
                self._cause = "clock"
                try:
                    log(self.number, self.delivered_ns, tick)
                except Exception as error:  # noqa: BLE001 - see SessionLog
                    self._note(error)

        return tapped

    def _tap_history(self) -> None:
        strategy, log = self._strategy, self._log
        on_start, on_history = strategy.on_start, strategy.on_factor_history
        end_history = strategy._end_history  # noqa: SLF001 - where the newest record is let go

        def tapped_start() -> None:
            self._is_warming_up = strategy.factor_history is not None
            on_start()

        def tapped_history(records: Sequence[ExternalFactors]) -> None:
            self._begin()
            first, first_ns = self.number, self.delivered_ns
            self.number += len(records) - 1
            self.delivered_ns += len(records) - 1
            self._tell(lambda: {"history": len(records)})

            def tell() -> None:
                for i, f in enumerate(records):
                    log.factors(HISTORY, first + i, first_ns + i, f)

            self._give(on_history, records, tell)

        def tapped_end(newest: CustomData | None) -> None:
            self._is_warming_up = False
            if newest is None:
                end_history(None)
                return
            self._begin()
            number, ns, f = self.number, self.delivered_ns, newest.data
            self._give(end_history, newest, lambda: log.factors(RELEASED, number, ns, f))

        strategy.on_start = tapped_start  # type: ignore[method-assign]
        strategy.on_factor_history = tapped_history  # type: ignore[method-assign]
        strategy._end_history = tapped_end  # type: ignore[method-assign]  # noqa: SLF001

    def _give(self, hook: Callable[[Any], None], datum: Any, tell: Callable[[], None]) -> None:
        try:
            hook(datum)
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            self._cause = "clock"
            try:
                tell()
            except Exception as error:  # noqa: BLE001 - see SessionLog
                self._note(error)

    def _begin(self) -> None:
        """Give the next input its number and its time."""
        now = self._now_ns()
        previous = self.delivered_ns
        self.delivered_ns = now if now > previous else previous + 1
        self.number += 1
        self._cause = "input"

    # ---- what happens otherwise --------------------------------------------------------------

    def _tap_occurrences(self) -> None:
        for name in dir(self._strategy):
            if name.startswith(("on_order_", "on_position_")):
                # The general hook of an event comes after its particular one.
                tell = self._tell_event if name in _EVENT_HOOKS else None
                self._tap_hook(name, "event", tell)
        for name in _STOP_HOOKS:
            self._tap_hook(name, "stop", self._teller_of(name))
        self._tap_hook("on_start", "start", self._teller_of("on_start"))

    def _tap_hook(self, name: str, cause: Cause, tell: Callable[..., None] | None) -> None:
        hook = getattr(self._strategy, name)

        def tapped(*arguments: Any) -> None:
            outer, self._cause = self._cause, cause
            if tell is not None:
                tell(*arguments)
            try:
                hook(*arguments)
            except BaseException as error:
                self._fail(error)
                raise
            finally:
                self._cause = outer

        setattr(self._strategy, name, tapped)

    def _teller_of(self, name: str) -> Callable[[], None]:
        def tell() -> None:
            self._tell(lambda: {"hook": name, "by": "strategy" if self._acting else "node"})

        return tell

    def _tell_event(self, event: Any) -> None:
        # An order's making is no execution: the decision tells it, and waits for this hook.
        if type(event) is not OrderInitialized:
            self._tell(lambda: decisions.describe_event(event, self.ordinals))

    def _tap_unrecorded(self, name: str) -> None:
        method = getattr(self._strategy, name)

        def tapped(*arguments: Any, **keywords: Any) -> Any:
            if EXTERNAL_FACTORS not in arguments:
                self._tell_unrecorded(name)
            return method(*arguments, **keywords)

        setattr(self._strategy, name, tapped)

    def _tell_unrecorded(self, what: str) -> None:
        """Tell once of something that the strategy may decide from and that is not recorded."""
        if what not in self._unrecorded:
            self._unrecorded.add(what)
            self._tell(lambda: {"unrecorded": what})

    # ---- decisions ---------------------------------------------------------------------------

    def _tap_decision(self, method: str) -> None:
        call = getattr(self._strategy, method)

        def tapped(*arguments: Any, **keywords: Any) -> Any:
            self._acting += 1
            try:
                return call(*arguments, **keywords)
            finally:
                self._acting -= 1
                # Afterwards, so that no order waits for it.
                self._tell(
                    lambda: decisions.describe_call(method, arguments, keywords, self.ordinals)
                )

        setattr(self._strategy, method, tapped)

    # ---- telling -----------------------------------------------------------------------------

    def _fail(self, error: BaseException) -> None:
        if not self.failure:
            self.failure = f"{type(error).__name__}: {error}"
            self._tell(lambda: {"failure": self.failure})

    def _tell(self, what: Callable[[], dict[str, Any]]) -> None:
        try:
            line = {"line": next(self._lines), "input": self.number, "cause": self._cause}
            self._log.line({**line, "ns": self._now_ns(), **what()})
        except Exception as error:  # noqa: BLE001 - see SessionLog
            self._note(error)

    def _note(self, error: Exception) -> None:
        if not self.problem:
            self.problem = f"{type(error).__name__}: {error}"
