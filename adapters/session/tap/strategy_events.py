"""StrategyEvents: a strategy's decisions, and the events that are not inputs."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final, Literal

from nautilus_trader.model import OrderInitialized

from adapters.session.tap import decisions
from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS
from dolphin_strategies.observation import StrategyObserver

if TYPE_CHECKING:
    from collections.abc import Callable

type Cause = Literal["input", "event", "clock", "start", "stop"]

_EVENT_HOOKS: Final = ("on_order_event", "on_position_event")
_RECORDED: Final = (
    "subscribe_data",
    "subscribe_quotes",
    "subscribe_trades",
    "subscribe_funding_rates",
)


class StrategyEvents(StrategyObserver):
    """Reports decisions, execution events, starts and stops, each as a line.

    A line has its number, the number of the last input before it, its cause, the clock, and its
    content.

    Parameters
    ----------
    put : callable
        Called with each line.
    now_ns : callable
        Returns UNIX nanoseconds.

    Attributes
    ----------
    number : int
        The number of the last input, set by the observer of the inputs; 0 before the first.
    cause : "input", "event", "clock", "start" or "stop"
        Why Python code of the strategy runs now; for inputs, set by their observer.
    failure : str
        The first exception that left one of the strategy's methods; empty without one.
    problem : str
        The first exception of the recording itself; empty without one.

    """

    def __init__(self, put: Callable[[dict[str, Any]], None], now_ns: Callable[[], int]) -> None:
        self.number = 0
        self.cause: Cause = "clock"
        self.failure = ""
        self.problem = ""
        self._put: Final = put
        self._now_ns: Final = now_ns
        self._ordinals: Final = decisions.Ordinals()
        self._lines: Final = itertools.count(1)
        self._acting = 0
        self._unrecorded: set[str] = set()

    def report(self, what: Callable[[], dict[str, Any]]) -> None:
        """Report a line; no exception of the report reaches the strategy."""
        try:
            line = {"line": next(self._lines), "input": self.number, "cause": self.cause}
            self._put({**line, "ns": self._now_ns(), **what()})
        except Exception as error:  # noqa: BLE001 - recording never touches trading
            self.note(error)

    def report_unrecorded(self, what: str) -> None:
        """Report once a kind of data that the strategy receives and that is not recorded."""
        if what not in self._unrecorded:
            self._unrecorded.add(what)
            self.report(lambda: {"unrecorded": what})

    def fail(self, error: BaseException) -> None:
        """Report the first exception that the strategy raised."""
        if not self.failure:
            self.failure = f"{type(error).__name__}: {error}"
            self.report(lambda: {"failure": self.failure})

    def note(self, error: Exception) -> None:
        """Keep the first exception of the recording."""
        if not self.problem:
            self.problem = f"{type(error).__name__}: {error}"

    def around_lifecycle(self, name: str, hook: Callable[[], None]) -> Callable[[], None]:
        def report() -> None:
            self.report(lambda: {"hook": name, "by": "strategy" if self._acting else "node"})

        return self._in_hook("start" if name == "on_start" else "stop", hook, report)

    def around_event(self, name: str, hook: Callable[[Any], None]) -> Callable[[Any], None]:
        # The general hook of an event is called after its specific hook.
        return self._in_hook("event", hook, self._report_event if name in _EVENT_HOOKS else None)

    def _in_hook(
        self, cause: Cause, hook: Callable[..., None], report: Callable[..., None] | None
    ) -> Callable[..., None]:
        def observed(*arguments: Any) -> None:
            outer, self.cause = self.cause, cause
            if report is not None:
                report(*arguments)
            try:
                hook(*arguments)
            except BaseException as error:
                self.fail(error)
                raise
            finally:
                self.cause = outer

        return observed

    def _report_event(self, event: Any) -> None:
        # The decision itself reports an order that it initialized, after this hook.
        if type(event) is not OrderInitialized:
            self.report(lambda: decisions.describe_event(event, self._ordinals))

    def around_request(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        if name in _RECORDED:
            return call

        def observed(*arguments: Any, **keywords: Any) -> Any:
            if EXTERNAL_FACTORS not in (*arguments, *keywords.values()):
                self.report_unrecorded(name)
            return call(*arguments, **keywords)

        return observed

    def around_decision(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def observed(*arguments: Any, **keywords: Any) -> Any:
            self._acting += 1
            try:
                return call(*arguments, **keywords)
            finally:
                self._acting -= 1
                # Afterwards, so that no order waits for the report.
                self.report(
                    lambda: decisions.describe_call(name, arguments, keywords, self._ordinals)
                )

        return observed
