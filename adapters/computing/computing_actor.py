"""ComputingActor: computes factors from the market data of the node or the backtest it is in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId, BookType, InstrumentId

from adapters.computing.asset_instruments import AssetInstruments
from adapters.computing.evaluation import Evaluation
from dolphin_strategies.clocks.backtest_clock import is_backtest_clock
from dolphin_strategies.computed.inputs import DataKind
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.model import ClientId, CustomData

    from adapters.computing.evaluation import RecordSink
    from dolphin_strategies.computed.factor_set import ComputedFactors
    from dolphin_strategies.computed.inputs import Input

SEARCH_TIMER: Final = "dolphin.computing.instruments"
SEARCH_INTERVAL_NS: Final = 1_000_000_000
"""How often the node is asked for the definitions that it did not have at the start."""
DATA_HOOKS: Final = (
    "on_quote",
    "on_trade",
    "on_book_deltas",
    "on_book_depth",
    "on_mark_price",
    "on_index_price",
    "on_funding_rate",
)
_METHODS: Final = {
    DataKind.QUOTES: "subscribe_quotes",
    DataKind.TRADES: "subscribe_trades",
    DataKind.MARK: "subscribe_mark_prices",
    DataKind.INDEX: "subscribe_index_prices",
    DataKind.FUNDING: "subscribe_funding_rates",
}


@dataclass(frozen=True, kw_only=True)
class ComputingActorConfig(DataActorConfig):
    """How often a ComputingActor publishes.

    Attributes
    ----------
    min_interval_s : float
        The shortest time between two records of a live node, seconds; 0: each burst of data at
        once.

    """

    actor_id: ActorId | None = None
    min_interval_s: float = 0.0

    def __new__(cls, **kwargs: Any) -> Self:
        kwargs.setdefault("actor_id", ActorId("ComputingActor-001"))
        return super().__new__(cls, **kwargs)

    def __post_init__(self) -> None:
        if not self.min_interval_s >= 0:
            msg = f"min_interval_s: expected at least 0, found {self.min_interval_s!r}"
            raise ValueError(msg)


def subscribe_input(actor: DataActor, needed: Input, client_id: ClientId | None = None) -> None:
    """Subscribe an actor to an input that is of one of Nautilus's own types.

    Parameters
    ----------
    actor : DataActor
        The actor.
    needed : Input
        The input.
    client_id : ClientId, optional
        Whose data; None: of the client of the instrument's venue.

    Raises
    ------
    ConfigError
        If it is of a client's own type.

    """
    instrument_id: Any = needed.instrument_id
    if needed.kind == DataKind.BOOK:
        actor.subscribe_book_deltas(instrument_id, BookType.L2_MBP, client_id=client_id)
    elif needed.kind in _METHODS:
        getattr(actor, _METHODS[needed.kind])(instrument_id, client_id=client_id)
    else:
        msg = (
            f"{needed.kind} of {needed.instrument_id}: expected one of book, "
            f"{', '.join(_METHODS)}; give ComputingActor a `subscribe` that knows the client's "
            "own type"
        )
        raise ConfigError(msg)


class ComputingActor(DataActor):
    """Give each datum of the inputs to computed factors, and their records to a sink.

    In a live node there is one record for a burst of data, made when the asyncio loop has
    delivered it, at ``ts_init`` of its newest datum. In a backtest there is one record for each
    instant with data, made after the last datum of that instant. When an input becomes too old
    while nothing comes, a clock alert makes the record of that instant.

    Parameters
    ----------
    factors : ComputedFactors
        What to compute.
    sink : callable
        Takes the records, on the node's thread; :class:`RecordSink`.
    config : ComputingActorConfig, optional
        How often to publish.
    subscribe : callable, optional
        Subscribes this actor to an input; by default :func:`subscribe_input`, which knows
        Nautilus's own types.

    Notes
    -----
    Owned by the node's thread, like every actor. A live node must run in an asyncio loop
    (``LiveNode.run_async``). Of several records of one instant the last one counts: data of two
    venues may be delivered in another order than that of their ``ts_init``.

    """

    def __new__(
        cls,
        factors: ComputedFactors,
        sink: RecordSink,
        config: ComputingActorConfig | None = None,
        subscribe: Callable[[DataActor, Input], None] = subscribe_input,
    ) -> Self:
        return super().__new__(cls, config or ComputingActorConfig())  # type: ignore[call-arg]

    def __init__(
        self,
        factors: ComputedFactors,
        sink: RecordSink,
        config: ComputingActorConfig | None = None,
        subscribe: Callable[[DataActor, Input], None] = subscribe_input,
    ) -> None:
        config = config or ComputingActorConfig()
        super().__init__(config)
        self.factors: Final = factors
        self.assets: Final = AssetInstruments(factors)
        self._subscribe: Final = subscribe
        self.evaluation: Final = Evaluation(factors, sink, round(config.min_interval_s * 1e9))
        """The state between two records; its counters may be read."""
        self._undefined: set[InstrumentId] = set()
        self._searches = False
        self._listed = 0
        # Nautilus calls these by name: without a Python method in between.
        for hook in DATA_HOOKS:
            setattr(self, hook, self.evaluation.take)

    def on_start(self) -> None:
        """Subscribe to the inputs; called by Nautilus.

        Raises
        ------
        ConfigError
            If a live node does not run in an asyncio loop, or an input is of an unknown kind.

        """
        is_backtest = is_backtest_clock(self.clock)
        try:
            loop = None if is_backtest else asyncio.get_running_loop()
        except RuntimeError:
            msg = "ComputingActor: expected a node that runs in an asyncio loop; use run_async()"
            raise ConfigError(msg) from None
        self.evaluation.start(self.clock, loop)
        ids = (i.instrument_id for i in self.factors.inputs)
        self._undefined = {i for i in ids if isinstance(i, InstrumentId)}
        self._define()
        if self._undefined and not is_backtest:
            # Not every client can be asked to tell of an instrument.
            self._searches = True
            self.clock.set_timer_ns(SEARCH_TIMER, SEARCH_INTERVAL_NS, callback=self._define)
        for needed in self.factors.inputs:
            self._subscribe_to(needed)

    def _subscribe_to(self, needed: Input) -> None:
        self._subscribe(self, self._actual(needed))

    def _actual(self, needed: Input) -> Input:
        """Return an input with the instrument that is listed for it."""
        return needed._replace(instrument_id=self.factors.actual(needed.instrument_id))

    def on_stop(self) -> None:
        self._cancel_search()
        self.evaluation.stop()

    def on_data(self, data: CustomData) -> None:
        self.evaluation.take(data.data)

    def _define(self, event: object = None) -> None:
        """Tell the factors the definitions that the node knows by now."""
        ids = self.cache.instrument_ids()
        if self._undefined and len(ids) != self._listed:
            self._listed = len(ids)
            self.assets.find(self.cache.instruments())
        for instrument_id in list(self._undefined):
            known = self.cache.instrument(self.factors.actual(instrument_id))
            if known is not None:
                self._undefined.remove(instrument_id)
                self._take_definition(known)
        if not self._undefined:
            self._cancel_search()

    def _take_definition(self, instrument: Any) -> None:
        self.factors.define(instrument)

    def _cancel_search(self) -> None:
        if self._searches:
            self._searches = False
            self.clock.cancel_timer(SEARCH_TIMER)
