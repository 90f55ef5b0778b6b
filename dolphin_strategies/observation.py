"""The observer port: what a strategy is given, decides and undergoes, seen at one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dolphin_strategies import FactorStrategy

    type Around = Callable[[Callable[..., Any]], Callable[..., Any]]

DECISIONS: Final = (
    "submit_order",
    "submit_order_list",
    "modify_order",
    "modify_orders",
    "cancel_order",
    "cancel_orders",
    "cancel_all_orders",
    "close_position",
    "close_all_positions",
    "market_exit",
    "stop",
    "shutdown_system",
)
"""The methods of a strategy by which it acts."""
LIFECYCLE: Final = ("on_start", "on_stop", "on_market_exit", "post_market_exit")
"""The methods by which a strategy starts and ends."""
_EVENTS: Final = ("on_order_", "on_position_")
_REQUESTS: Final = ("subscribe_", "request_")
_UNSUBSCRIPTIONS: Final = "unsubscribe_"


class StrategyObserver:
    """Observes the calls between a strategy and Nautilus; override what is to be observed.

    Each method takes the callable that is in place and returns the one to call instead, with the
    same arguments, result and exceptions. A method that is not overridden returns what it was
    given, so that a call which is not observed costs nothing.

    Notes
    -----
    All callables run on the strategy's own thread. An exception of an observer would be raised
    into the strategy: the observer's own code must not fail.

    """

    def around_data(self, on_data: Callable[[Any], None]) -> Callable[[Any], None]:
        """Observe custom data: factors, before the strategy's gate, and everything else."""
        return on_data

    def around_factors(self, on_factors: Callable[[Any], None]) -> Callable[[Any], None]:
        """Observe the factors that pass the strategy's gate."""
        return on_factors

    def around_quote(self, on_quote: Callable[[Any], None]) -> Callable[[Any], None]:
        """Observe quotes."""
        return on_quote

    def around_trade(self, on_trade: Callable[[Any], None]) -> Callable[[Any], None]:
        """Observe trades."""
        return on_trade

    def around_bar(self, on_bar: Callable[[Any], None]) -> Callable[[Any], None]:
        """Observe bars."""
        return on_bar

    def around_funding(self, on_funding_rate: Callable[[Any], None]) -> Callable[[Any], None]:
        """Observe funding rates."""
        return on_funding_rate

    def around_history(self, on_factor_history: Callable[[Any], None]) -> Callable[[Any], None]:
        """Observe chunks of the factor history."""
        return on_factor_history

    def around_history_end(self, end_history: Callable[[Any], None]) -> Callable[[Any], None]:
        """Observe the history's end: the live record held back until then, or None."""
        return end_history

    def around_lifecycle(self, name: str, hook: Callable[[], None]) -> Callable[[], None]:
        """Observe one of ``LIFECYCLE``."""
        return hook

    def around_event(self, name: str, hook: Callable[[Any], None]) -> Callable[[Any], None]:
        """Observe a hook for order events or position events."""
        return hook

    def around_decision(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Observe one of ``DECISIONS``."""
        return call

    def around_request(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Observe a subscription to data, or a request for data."""
        return call

    def around_unsubscription(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Observe the end of a subscription."""
        return call


def observe(strategy: FactorStrategy[Any], observer: StrategyObserver) -> None:
    """Let an observer see all inputs and actions of this strategy from now on.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet: Nautilus and the strategy's gate look its methods up at the start.
    observer : StrategyObserver
        Called outside those that observe the strategy already.

    Notes
    -----
    Observed methods become attributes of the instance: a closure over the method in place adds
    about 50 ns to a call, a generated subclass with ``super()`` 100 to 150.

    """
    for name, around in _places(strategy, observer):
        in_place = getattr(strategy, name)
        observed = around(in_place)
        if observed is not in_place:
            setattr(strategy, name, observed)


def _places(
    strategy: FactorStrategy[Any], observer: StrategyObserver
) -> Iterator[tuple[str, Around]]:
    """Yield each method that can be observed: its name and its wrapper."""
    yield "on_data", observer.around_data
    yield "on_factors", observer.around_factors
    yield "on_quote", observer.around_quote
    yield "on_trade", observer.around_trade
    yield "on_bar", observer.around_bar
    yield "on_funding_rate", observer.around_funding
    yield "on_factor_history", observer.around_history
    yield "_end_history", observer.around_history_end
    for name in dir(strategy):
        if name in LIFECYCLE:
            yield name, _named(observer.around_lifecycle, name)
        elif name.startswith(_EVENTS):
            yield name, _named(observer.around_event, name)
        elif name in DECISIONS:
            yield name, _named(observer.around_decision, name)
        elif name.startswith(_REQUESTS):
            yield name, _named(observer.around_request, name)
        elif name.startswith(_UNSUBSCRIPTIONS):
            yield name, _named(observer.around_unsubscription, name)


def _named(around: Callable[[str, Callable[..., Any]], Callable[..., Any]], name: str) -> Around:
    return lambda call: around(name, call)
