"""StrategyTap: numbers a strategy's inputs, and observes its decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from adapters.session.tap.strategy_events import StrategyEvents
from adapters.session.wire_format import FACTORS, HISTORY, RELEASED
from dolphin_strategies.factors.external_factors import ExternalFactors
from dolphin_strategies.history.feed_messages import FeedMessage
from dolphin_strategies.observation import StrategyObserver, observe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nautilus_trader.model import CustomData, FundingRateUpdate, QuoteTick, TradeTick

    from adapters.command.user_code.strategy_class import AnyFactorStrategy


class SessionLog(Protocol):
    """Receives the reports of a tap; its exceptions never reach a strategy."""

    def factors(self, kind: int, number: int, delivered_ns: int, f: ExternalFactors) -> None:
        """Log factors that the strategy received.

        Parameters
        ----------
        kind : int
            ``FACTORS``, ``HISTORY`` or ``RELEASED`` of the wire format.
        number : int
            The input's delivery number.
        delivered_ns : int
            Its delivery time, UNIX nanoseconds.
        f : ExternalFactors
            The record.

        """

    def quote(self, number: int, delivered_ns: int, quote: QuoteTick) -> None:
        """Log a quote that the strategy received.

        Parameters
        ----------
        number : int
            The input's delivery number.
        delivered_ns : int
            Its delivery time, UNIX nanoseconds.
        quote : QuoteTick
            The quote.

        """

    def trade(self, number: int, delivered_ns: int, trade: TradeTick) -> None:
        """Log a trade that the strategy received.

        Parameters
        ----------
        number : int
            The input's delivery number.
        delivered_ns : int
            Its delivery time, UNIX nanoseconds.
        trade : TradeTick
            The trade.

        """

    def funding(self, number: int, delivered_ns: int, rate: FundingRateUpdate) -> None:
        """Log a funding rate that the strategy received.

        Parameters
        ----------
        number : int
            The input's delivery number.
        delivered_ns : int
            Its delivery time, UNIX nanoseconds.
        rate : FundingRateUpdate
            The rate.

        """

    def line(self, line: dict[str, Any]) -> None:
        """Log a decision, an execution event or another occurrence."""


class StrategyTap(StrategyObserver):
    """Observes a strategy's inputs, decisions and events for a session.

    Every input has a number, from 1, and a strictly rising delivery time,
    ``max(now, previous + 1)``. Every decision has its cause and the number of the last input
    before it.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet.
    log : SessionLog
        Receives the reports.
    now_ns : callable
        The clock of the delivery times, UNIX nanoseconds.

    Attributes
    ----------
    events : StrategyEvents
        Decisions, execution events and others; its ``number`` is that of the last input.
    delivered_ns : int
        The delivery time of the last input.

    Notes
    -----
    Owned by the strategy's thread. The strategy receives exactly the same inputs as without a tap;
    an input is reported after the strategy has acted on it, so that its orders do not wait for
    the recording. A live record that a strategy holds back until its history is complete is an
    input when it is released, as history or as the newest.

    """

    def __init__(
        self, strategy: AnyFactorStrategy, log: SessionLog, now_ns: Callable[[], int]
    ) -> None:
        self.events: Final = StrategyEvents(log.line, now_ns)
        self.delivered_ns = 0
        self._has_history: Final = strategy.factor_history is not None
        self._log: Final = log
        self._now_ns: Final = now_ns
        self._last: ExternalFactors | None = None
        self._is_warming_up = False
        observe(strategy, self.events)
        observe(strategy, self)

    def around_data(self, on_data: Callable[[Any], None]) -> Callable[[Any], None]:
        log, events, now_ns = self._log, self.events, self._now_ns

        def observed(data: Any) -> None:
            f = data.data
            if f is self._last:
                # A spinning feed repeats its last record to stay warm.
                on_data(data)
                return
            if type(f) is not ExternalFactors or self._is_warming_up:
                if not isinstance(f, ExternalFactors | FeedMessage):
                    events.report_unrecorded(type(f).__name__)
                on_data(data)
                return
            self._last = f
            # _begin inlined: all of this runs before the strategy's own code.
            now, previous = now_ns(), self.delivered_ns
            self.delivered_ns = now if now > previous else previous + 1
            events.number += 1
            events.cause = "input"
            try:
                on_data(data)
            except BaseException as error:
                events.fail(error)
                raise
            finally:
                events.cause = "clock"
                try:
                    log.factors(FACTORS, events.number, self.delivered_ns, f)
                except Exception as error:  # noqa: BLE001 - see SessionLog
                    events.note(error)

        return observed

    def around_quote(self, on_quote: Callable[[Any], None]) -> Callable[[Any], None]:
        return self._around_tick(on_quote, self._log.quote)

    def around_trade(self, on_trade: Callable[[Any], None]) -> Callable[[Any], None]:
        return self._around_tick(on_trade, self._log.trade)

    def around_funding(self, on_funding_rate: Callable[[Any], None]) -> Callable[[Any], None]:
        return self._around_tick(on_funding_rate, self._log.funding)

    def _around_tick(
        self, hook: Callable[[Any], None], log: Callable[[int, int, Any], None]
    ) -> Callable[[Any], None]:
        def observed(tick: Any) -> None:
            self._begin()
            number, ns = self.events.number, self.delivered_ns
            self._give(hook, tick, lambda: log(number, ns, tick))

        return observed

    def around_lifecycle(self, name: str, hook: Callable[[], None]) -> Callable[[], None]:
        if name != "on_start":
            return hook

        def observed() -> None:
            self._is_warming_up = self._has_history
            hook()

        return observed

    def around_history(self, on_factor_history: Callable[[Any], None]) -> Callable[[Any], None]:
        log, events = self._log, self.events

        def observed(records: Sequence[ExternalFactors]) -> None:
            self._begin()
            first, first_ns = events.number, self.delivered_ns
            events.number += len(records) - 1
            self.delivered_ns += len(records) - 1
            events.report(lambda: {"history": len(records)})

            def report() -> None:
                for i, f in enumerate(records):
                    log.factors(HISTORY, first + i, first_ns + i, f)

            self._give(on_factor_history, records, report)

        return observed

    def around_history_end(self, end_history: Callable[[Any], None]) -> Callable[[Any], None]:
        log = self._log

        def observed(newest: CustomData | None) -> None:
            self._is_warming_up = False
            if newest is None:
                end_history(None)
                return
            self._begin()
            number, ns, f = self.events.number, self.delivered_ns, newest.data
            self._last = f
            self._give(end_history, newest, lambda: log.factors(RELEASED, number, ns, f))

        return observed

    def _give(self, hook: Callable[[Any], None], datum: Any, report: Callable[[], None]) -> None:
        """Pass an input to the strategy, then report it, whatever the strategy raised."""
        events = self.events
        try:
            hook(datum)
        except BaseException as error:
            events.fail(error)
            raise
        finally:
            events.cause = "clock"
            try:
                report()
            except Exception as error:  # noqa: BLE001 - see SessionLog
                events.note(error)

    def _begin(self) -> None:
        """Assign the number and the delivery time of the next input."""
        now = self._now_ns()
        previous = self.delivered_ns
        self.delivered_ns = now if now > previous else previous + 1
        self.events.number += 1
        self.events.cause = "input"
