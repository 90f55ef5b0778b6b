"""Occurrences: what a strategy decides, and what happens to it besides its inputs."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final, Literal

from nautilus_trader.model import OrderInitialized

from adapters.session import decisions
from dolphin_strategies.factors.external_factors import EXTERNAL_FACTORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.command.strategy_class import AnyFactorStrategy

type Cause = Literal["input", "event", "clock", "start", "stop"]

_EVENT_HOOKS: Final = ("on_order_event", "on_position_event")
_STOP_HOOKS: Final = ("on_market_exit", "post_market_exit", "on_stop")
_RECORDED: Final = ("subscribe_data", "subscribe_quotes", "subscribe_trades")


class Occurrences:
    """Wraps the methods by which a strategy acts, and those by which it is told of events.

    Each occurrence is a line: its number, the number of the last input before it, its cause, the
    clock, and what it says.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet.
    put : callable
        Takes a line.
    now_ns : callable
        UNIX nanoseconds.

    Attributes
    ----------
    number : int
        Of the last input, kept by whoever gives the inputs; 0 before the first.
    cause : "input", "event", "clock", "start" or "stop"
        Why Python code of the strategy runs now; kept by the same, for inputs.
    failure : str
        The first exception that left one of the strategy's methods; empty without one.
    problem : str
        The first exception of the recording itself; empty without one.

    """

    def __init__(
        self,
        strategy: AnyFactorStrategy,
        put: Callable[[dict[str, Any]], None],
        now_ns: Callable[[], int],
    ) -> None:
        self.number = 0
        self.cause: Cause = "clock"
        self.failure = ""
        self.problem = ""
        self._strategy: Final = strategy
        self._put: Final = put
        self._now_ns: Final = now_ns
        self._ordinals: Final = decisions.Ordinals()
        self._lines: Final = itertools.count(1)
        self._acting = 0
        self._unrecorded: set[str] = set()
        self._tap_hooks()
        for method in decisions.DECISIONS:
            self._tap_decision(method)
        for name in dir(strategy):
            if name.startswith(("subscribe_", "request_")) and name not in _RECORDED:
                self._tap_unrecorded(name)

    # ---- telling -----------------------------------------------------------------------------

    def tell(self, what: Callable[[], dict[str, Any]]) -> None:
        """Put a line; nothing that goes wrong with it reaches the strategy."""
        try:
            line = {"line": next(self._lines), "input": self.number, "cause": self.cause}
            self._put({**line, "ns": self._now_ns(), **what()})
        except Exception as error:  # noqa: BLE001 - recording never touches trading
            self.note(error)

    def tell_unrecorded(self, what: str) -> None:
        """Tell once of something that the strategy may decide from and that is not recorded."""
        if what not in self._unrecorded:
            self._unrecorded.add(what)
            self.tell(lambda: {"unrecorded": what})

    def fail(self, error: BaseException) -> None:
        """Tell what the strategy raised, the first time."""
        if not self.failure:
            self.failure = f"{type(error).__name__}: {error}"
            self.tell(lambda: {"failure": self.failure})

    def note(self, error: Exception) -> None:
        """Keep what went wrong with the recording, the first time."""
        if not self.problem:
            self.problem = f"{type(error).__name__}: {error}"

    # ---- what is tapped ----------------------------------------------------------------------

    def _tap_hooks(self) -> None:
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
            outer, self.cause = self.cause, cause
            if tell is not None:
                tell(*arguments)
            try:
                hook(*arguments)
            except BaseException as error:
                self.fail(error)
                raise
            finally:
                self.cause = outer

        setattr(self._strategy, name, tapped)

    def _teller_of(self, name: str) -> Callable[[], None]:
        def tell() -> None:
            self.tell(lambda: {"hook": name, "by": "strategy" if self._acting else "node"})

        return tell

    def _tell_event(self, event: Any) -> None:
        # An order's making is no execution: the decision tells it, and waits for this hook.
        if type(event) is not OrderInitialized:
            self.tell(lambda: decisions.describe_event(event, self._ordinals))

    def _tap_unrecorded(self, name: str) -> None:
        method = getattr(self._strategy, name)

        def tapped(*arguments: Any, **keywords: Any) -> Any:
            if EXTERNAL_FACTORS not in arguments:
                self.tell_unrecorded(name)
            return method(*arguments, **keywords)

        setattr(self._strategy, name, tapped)

    def _tap_decision(self, method: str) -> None:
        call = getattr(self._strategy, method)

        def tapped(*arguments: Any, **keywords: Any) -> Any:
            self._acting += 1
            try:
                return call(*arguments, **keywords)
            finally:
                self._acting -= 1
                # Afterwards, so that no order waits for it.
                self.tell(
                    lambda: decisions.describe_call(method, arguments, keywords, self._ordinals)
                )

        setattr(self._strategy, method, tapped)
