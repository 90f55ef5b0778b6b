"""StrategyTap: numbers what a strategy is given, and sees what it decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from adapters.session.strategy_events import Occurrences
from adapters.session.wire_format import FACTORS, HISTORY, RELEASED
from dolphin_strategies.factors.external_factors import ExternalFactors
from dolphin_strategies.factors.feed_messages import FeedMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nautilus_trader.model import CustomData, QuoteTick, TradeTick

    from adapters.command.strategy_class import AnyFactorStrategy


class SessionLog(Protocol):
    """What a tap tells. What is raised in here reaches no strategy: see :class:`Occurrences`."""

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
    occurrences : Occurrences
        Decisions, execution events and the rest; its ``number`` is that of the last input.
    delivered_ns : int
        The delivery time of the last input.

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
        self.occurrences: Final = Occurrences(strategy, log.line, now_ns)
        self.delivered_ns = 0
        self._strategy: Final = strategy
        self._log: Final = log
        self._now_ns: Final = now_ns
        self._last: ExternalFactors | None = None
        self._is_warming_up = False
        self._tap_inputs()
        self._tap_history()

    def _tap_inputs(self) -> None:
        strategy, log = self._strategy, self._log
        strategy.on_quote = self._tapped_tick(strategy.on_quote, log.quote)  # type: ignore[method-assign, assignment]
        strategy.on_trade = self._tapped_tick(strategy.on_trade, log.trade)  # type: ignore[method-assign, assignment]
        on_data, place, now_ns = strategy.on_data, self.occurrences, self._now_ns

        def tapped_data(data: Any) -> None:
            f = data.data
            if f is self._last:
                # A spinning feed repeats its last record to stay warm.
                on_data(data)
                return
            if type(f) is not ExternalFactors or self._is_warming_up:
                if not isinstance(f, ExternalFactors | FeedMessage):
                    place.tell_unrecorded(type(f).__name__)
                on_data(data)
                return
            self._last = f
            # As _begin, without its call: all this comes before the strategy's own code.
            now, previous = now_ns(), self.delivered_ns
            self.delivered_ns = now if now > previous else previous + 1
            place.number += 1
            place.cause = "input"
            try:
                on_data(data)
            except BaseException as error:
                place.fail(error)
                raise
            finally:
                place.cause = "clock"
                try:
                    log.factors(FACTORS, place.number, self.delivered_ns, f)
                except Exception as error:  # noqa: BLE001 - see SessionLog
                    place.note(error)

        strategy.on_data = tapped_data  # type: ignore[method-assign]

    def _tapped_tick(
        self, hook: Callable[[Any], None], log: Callable[[int, int, Any], None]
    ) -> Callable[[Any], None]:
        place = self.occurrences

        def tapped(tick: Any) -> None:
            self._begin()
            try:
                hook(tick)
            except BaseException as error:
                place.fail(error)
                raise
            finally:
                place.cause = "clock"
                try:
                    log(place.number, self.delivered_ns, tick)
                except Exception as error:  # noqa: BLE001 - see SessionLog
                    place.note(error)

        return tapped

    def _tap_history(self) -> None:
        strategy, log = self._strategy, self._log
        on_start, on_history = strategy.on_start, strategy.on_factor_history
        place = self.occurrences
        end_history = strategy._end_history  # noqa: SLF001 - where the newest record is let go

        def tapped_start() -> None:
            self._is_warming_up = strategy.factor_history is not None
            on_start()

        def tapped_history(records: Sequence[ExternalFactors]) -> None:
            self._begin()
            first, first_ns = place.number, self.delivered_ns
            place.number += len(records) - 1
            self.delivered_ns += len(records) - 1
            place.tell(lambda: {"history": len(records)})

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
            number, ns, f = place.number, self.delivered_ns, newest.data
            self._last = f
            self._give(end_history, newest, lambda: log.factors(RELEASED, number, ns, f))

        strategy.on_start = tapped_start  # type: ignore[method-assign]
        strategy.on_factor_history = tapped_history  # type: ignore[method-assign]
        strategy._end_history = tapped_end  # type: ignore[method-assign]  # noqa: SLF001

    def _give(self, hook: Callable[[Any], None], datum: Any, tell: Callable[[], None]) -> None:
        place = self.occurrences
        try:
            hook(datum)
        except BaseException as error:
            place.fail(error)
            raise
        finally:
            place.cause = "clock"
            try:
                tell()
            except Exception as error:  # noqa: BLE001 - see SessionLog
                place.note(error)

    def _begin(self) -> None:
        """Give the next input its number and its time."""
        now = self._now_ns()
        previous = self.delivered_ns
        self.delivered_ns = now if now > previous else previous + 1
        place = self.occurrences
        place.number += 1
        place.cause = "input"
