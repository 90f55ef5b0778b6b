"""WarmUp: gives a strategy the records of the past before its first live one."""

from __future__ import annotations

import datetime as dt
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import ClientId

from dolphin_strategies.clocks.backtest_clock import is_backtest_clock
from dolphin_strategies.factors.external_factors import ExternalFactors
from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS
from dolphin_strategies.history.feed_messages import FEED_MESSAGES, HeldAnswer, HeldRequest
from dolphin_strategies.history.given_records import GivenRecords
from dolphin_strategies.history.history_windows import HistoryWindows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nautilus_trader.model import CustomData
    from nautilus_trader.trading import Strategy

    from dolphin_strategies.history.history_windows import StoredSpan

CATALOGS: Final = ClientId("CATALOG")
"""No client of this name exists, so that only the node's catalogs answer."""
RECORDS_LIVE: Final = 1000
"""Records per request in a live node: about 25 ms, in which the node does nothing else."""
RECORDS_BACKTEST: Final = 20_000
PAUSE_NS: Final = 1_000_000
"""The pause between two requests of a live node, for its other work."""
PATIENCE_NS: Final = 5_000_000_000
"""How long an answer may take before the warm-up goes on without it."""
ALERT: Final = "dolphin.warm-up"
_EPOCH: Final = dt.datetime.fromtimestamp(0, dt.UTC)


class HistoryStep(Enum):
    """The stage of a warm-up: which store is being read."""

    CATALOGS = auto()
    SOURCE = auto()
    OVER = auto()


class WarmUp:
    """Load the records of a time span: from the node's catalogs, then from the feed's source.

    Parameters
    ----------
    strategy : Strategy
        The strategy that receives the history; called on the node's thread.
    span_ns : int
        How far back the history reaches, nanoseconds.
    spans : sequence of StoredSpan, optional
        Where the catalogs' records lie; empty: there are no catalogs; None: not known.
    give : callable
        Called with historical records, in order.
    finish : callable
        Called once, with the newest live record received meanwhile, or None.

    Notes
    -----
    A record is identified by its stream and sequence; in every stream only sequences higher than
    the last one are given. Records without a stream are distinguished by time: history ends before
    the instant of the start.

    """

    def __init__(
        self,
        strategy: Strategy,
        span_ns: int,
        spans: Sequence[StoredSpan] | None,
        give: Callable[[list[ExternalFactors]], None],
        finish: Callable[[CustomData | None], None],
    ) -> None:
        self._strategy: Final = strategy
        self._clock: Final = strategy.clock
        self._give: Final = give
        self._finish: Final = finish
        self._now_ns: Final = self._clock.timestamp_ns()
        self._begin_ns: Final = max(self._now_ns - span_ns, 0)
        self._is_live: Final = not is_backtest_clock(self._clock)
        self._windows: Final = HistoryWindows(
            self._begin_ns,
            self._now_ns,
            RECORDS_LIVE if self._is_live else RECORDS_BACKTEST,
            spans or (),
            **({} if self._is_live else {"longest_guess_ns": span_ns}),
        )
        self._has_catalogs: Final = spans is None or len(spans) > 0
        self._step = HistoryStep.CATALOGS
        self._request: HeldRequest | None = None
        self._given: Final = GivenRecords()
        self._held: list[CustomData] = []
        self._answers = 0
        self._alerts = 0

    @property
    def given(self) -> int:
        """Records given."""
        return self._given.count

    @property
    def missing(self) -> int:
        """Records known to have been published in the span that no store holds any more."""
        return self._given.missing

    @property
    def is_over(self) -> bool:
        """Whether the history is complete, so that live records may be acted on."""
        return self._step is HistoryStep.OVER

    def begin(self) -> None:
        """Request the first window."""
        if self._is_live:
            self._watch()
        if self._has_catalogs:
            self._advance()
        else:
            # Nautilus would treat the request as an error.
            self._end_catalogs()

    def _advance(self, event: object = None) -> None:
        if self._step is not HistoryStep.CATALOGS:
            return
        if not self._windows.advance():
            self._end_catalogs()
            return
        end_ns = self._windows.end_ns
        # The end of the last window may lie between two microseconds; None is now.
        end = None if end_ns == self._now_ns else _time(end_ns)
        self._strategy.request_data(
            EXTERNAL_FACTORS, CATALOGS, start=_time(self._windows.begin_ns), end=end
        )

    def on_historical_data(self, data: Sequence[Any]) -> None:
        """Handle a message if it is an answer of the catalogs."""
        if self._step is not HistoryStep.CATALOGS or (
            data and type(data[0].data) is not ExternalFactors
        ):
            return
        self._answers += 1
        begin_ns, end_ns = self._windows.begin_ns, self._windows.end_ns
        self._windows.learn(len(data))
        # Both ends of a request are inclusive; each record belongs to one window.
        first_ns = max(begin_ns, self._begin_ns)
        self._take(f for d in data if first_ns <= (f := d.data).ts_init < end_ns)
        if self._is_live:
            self._alert(PAUSE_NS, self._advance)
        else:
            self._advance()

    def _end_catalogs(self) -> None:
        where = "the catalogs" if self._has_catalogs else "catalogs, which the node has none of"
        self._strategy.log.info(f"Factor history: {self.given} records from {where}")
        self._step = HistoryStep.SOURCE
        if self._is_live:
            self._ask_source()
        else:
            self._end()

    def _ask_source(self) -> None:
        """Request the records published up to the newest live one, conflated ones included."""
        before = None
        if self._held:
            newest = self._held[-1].data
            before = (newest.stream_id, newest.sequence)
            # The source holds one stream: records of other streams come first.
            self._take(f for d in self._held if (f := d.data).stream_id != newest.stream_id)
        self._request = HeldRequest(*self._given.last, before)
        self._strategy.publish_data(FEED_MESSAGES, self._request.wrapped())

    def on_answer(self, answer: HeldAnswer) -> None:
        """Handle the feed's answer if it belongs to the pending request."""
        if self._step is not HistoryStep.SOURCE or answer.request is not self._request:
            return
        self._answers += 1
        if answer.batch is None:
            self._end()
            return
        batch = answer.batch
        young = batch[batch.ts_event >= self._begin_ns]
        first = young if len(young) else batch[-1:]
        if len(young) < len(batch):
            # Records older than the span do not count as missing.
            self._given.begin(batch.stream_id, int(first.sequence[0]))
        self._take(young.records())
        self._given.last = (batch.stream_id, int(batch.sequence[-1]))
        self._ask_source()

    def hold(self, data: CustomData) -> None:
        """Hold a live record back until the history is complete."""
        if self._held and self._held[-1].data is data.data:
            return
        self._held.append(data)
        if not self._is_live and self._step is HistoryStep.CATALOGS:
            # A backtest answers every request before its first record.
            self._give_up()

    def _take(self, records: Iterable[ExternalFactors]) -> None:
        """Give the records that are new."""
        if new := self._given.take(records):
            self._give(new)

    def _alert(self, in_ns: int, callback: Callable[[object], None]) -> None:
        # A new name for each alert: the name of the alert that is firing may still be in use.
        self._alerts += 1
        name = f"{ALERT}-{self._alerts}"
        self._clock.set_time_alert_ns(name, self._clock.timestamp_ns() + in_ns, callback)

    def _watch(self, answers_before: int = -1) -> None:
        """Abandon a step when no answer has come since the last check."""
        if self.is_over:
            return
        answers = self._answers
        if answers == answers_before:
            self._give_up()
        if not self.is_over:
            self._alert(PATIENCE_NS, lambda _: self._watch(answers))

    def _give_up(self) -> None:
        """Continue with the next step without the missing answer."""
        if self._step is HistoryStep.CATALOGS:
            self._strategy.log.warning(
                "Factor history: no answer from a catalog; give the node's config "
                "catalogs=[DataCatalogConfig(path)] to have one"
            )
            self._end_catalogs()
        elif self._step is HistoryStep.SOURCE:
            self._strategy.log.warning("Factor history: no answer from a FactorFeed")
            self._end()

    def _end(self) -> None:
        self._step = HistoryStep.OVER
        held, self._held = self._held, []
        # All live records received meanwhile but the newest are history by now.
        self._take(d.data for d in held[:-1])
        newest = held[-1] if held else None
        if newest is not None and not self._given.is_new(newest.data):
            newest = None
        self._strategy.log.info(
            f"Factor history: complete, {self.given} records, {self.missing} missing"
        )
        self._finish(newest)


def _time(ns: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=ns // 1000)
