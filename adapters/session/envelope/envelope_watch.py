"""EnvelopeWatch: the actor that compares a running strategy with its envelope."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId

from adapters.session.envelope.envelope_settings import SIZE_SCALE
from adapters.session.envelope.position_results import PositionResults
from adapters.session.envelope.watch_memory import replay_into
from dolphin_strategies.envelope.watch_rules import WatchRules
from dolphin_strategies.observation import observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.session.envelope.envelope_settings import EnvelopeSettings
    from adapters.session.envelope.watch_memory import WatchMemory
    from dolphin_strategies import FactorStrategy
    from dolphin_strategies.envelope.envelope import Envelope
    from dolphin_strategies.envelope.watch_rules import EnvelopeWarning, TradeResult

LOOK: Final = timedelta(seconds=60)
_TIMER: Final = "envelope-look"


class EnvelopeWatch(DataActor):
    """Looks at a strategy at each closed position and every minute; warns, reduces, or stops.

    Parameters
    ----------
    strategy : FactorStrategy
        Not running yet.
    envelope : Envelope
        What is expected of it.
    settings : EnvelopeSettings
        What a warning does.
    tell : callable
        Takes a line for the user.
    stop : callable
        Ends the run in order, with the reason; called at most once.
    memory : WatchMemory, optional
        What earlier runs saw; the watch goes on from there, and adds what it sees.

    Attributes
    ----------
    rules : WatchRules
        The comparison so far.

    Notes
    -----
    On the node's thread. Trades are counted over whole intervals of this run: one that a stop cuts
    off is not counted.

    """

    def __new__(cls, *_: Any, **__: Any) -> Self:
        config = DataActorConfig(actor_id=ActorId("ENVELOPE-WATCH"))
        return super().__new__(cls, config)  # type: ignore[call-arg]

    def __init__(  # noqa: PLR0913 - the parts of a watch
        self,
        strategy: FactorStrategy[Any],
        envelope: Envelope,
        settings: EnvelopeSettings,
        *,
        tell: Callable[[str], object],
        stop: Callable[[str], object],
        memory: WatchMemory | None = None,
    ) -> None:
        super().__init__()
        self._strategy: Final = strategy
        self._settings: Final = settings
        self._tell: Final = tell
        self._stop: Final = stop
        self._memory: Final = memory
        self._interval_ns: Final = envelope.count_interval_ns
        self._has_stopped = False
        self._count = 0
        self._until_ns = 0
        self.rules: Final = WatchRules(envelope)
        self._results: Final = PositionResults(strategy, self._on_trade, tell)
        if memory is not None:
            for kind, *values in memory.earlier:
                replay_into(self.rules, kind, values)
        observe(strategy, self._results)

    def on_start(self) -> None:
        """Begin to look; what earlier runs were warned of holds. Called by Nautilus."""
        self._until_ns = self.clock.timestamp_ns() + self._interval_ns
        if self._memory is not None and self._memory.earlier:
            self._tell(f"envelope: goes on after earlier runs, {self.rules.status()}")
        self._act(list(self.rules.warnings))
        self.clock.set_timer(_TIMER, LOOK, callback=self._look)

    def on_stop(self) -> None:
        """Look no longer; called by Nautilus."""
        self.clock.cancel_timers()

    def summary(self) -> str:
        """Return how near to a warning the session is, and what is missing in it."""
        lost = 0 if self._memory is None else self._memory.lost
        missing = {"not remembered": lost, "not measured": self._results.unmeasured}
        parts = [f"{count:,} {what}" for what, count in missing.items() if count]
        return "; ".join([self.rules.status(), *parts])

    def _look(self, _: object) -> None:
        self._count_until_now()
        self._act(self.rules.look(self._results.open_result()))

    def _count_until_now(self) -> None:
        now_ns = self.clock.timestamp_ns()
        while self._until_ns and now_ns >= self._until_ns:
            self._remember("count", float(self._count))
            self._act(self.rules.take_count(self._count))
            self._count = 0
            self._until_ns += self._interval_ns

    def _on_trade(self, trade: TradeResult) -> None:
        self._count_until_now()
        self._count += 1
        slippage = trade.slippage if math.isfinite(trade.slippage) else None
        self._remember("trade", trade.result, slippage, trade.low, trade.high)
        self._act(self.rules.take_trade(trade))

    def _remember(self, kind: str, *values: float | None) -> None:
        if self._memory is not None:
            self._memory.add(kind, *values)

    def _act(self, warnings: list[EnvelopeWarning]) -> None:
        for warning in warnings:
            self._tell(f"ENVELOPE: {warning.text}")
        if not warnings:
            return
        if self._settings.on_warning == "reduce":
            setattr(self._strategy, SIZE_SCALE, self._settings.reduce_to)
            self._tell(f"envelope: order sizes are multiplied by {self._settings.reduce_to:g}")
        elif self._settings.on_warning == "stop" and not self._has_stopped:
            self._has_stopped = True
            self._stop(f"stopped by the envelope: {warnings[0].text}")
