"""The gate in C: what it decides, whom it calls, and what it keeps alive."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import weakref
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.model import CustomData, StrategyId

from dolphin_strategies import (
    EXTERNAL_FACTORS,
    ExternalFactors,
    FactorSchema,
    FactorStrategy,
    FactorStrategyConfig,
)
from dolphin_strategies._gate import Gate
from dolphin_strategies.history.feed_messages import FEED_MESSAGES, FeedMessage
from tests.support.python_gate import PythonGate

if TYPE_CHECKING:
    from collections.abc import Callable

START = 1_700_000_000_000_000_000
MS = 1_000_000
SCHEMA = FactorSchema(["a", "b", "c"])
SCHEMAS = (
    SCHEMA,
    FactorSchema(["a", "b", "c"]),  # equal, another object
    FactorSchema(["c", "x", "b", "a"]),
    FactorSchema(["a", "x"]),
)


class Message(FeedMessage):
    """A message of an instant."""

    __slots__ = ("ts_event", "ts_init")

    def __init__(self, at_ns: int) -> None:
        self.ts_event = self.ts_init = at_ns  # type: ignore[misc]


class Telling(FactorStrategy[FactorStrategyConfig]):
    """Write down every callback, with the clock and what is traded on."""

    required_factors: ClassVar[tuple[str, ...]] = ("b", "a")
    max_age: ClassVar[timedelta | None] = timedelta(milliseconds=20)

    def on_start(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        super().on_start()

    def tell(self, what: str, detail: Any = None) -> None:
        """Write one line."""
        traded = self.factors
        sequence = None if traded is None else traded.sequence
        self.told.append((self.clock.timestamp_ns() - START, what, detail, sequence))

    def on_factors(self, f: ExternalFactors) -> None:
        self.tell("factors", f.sequence)

    def on_factors_stale(self) -> None:
        self.tell("stale")

    def on_factors_recovered(self) -> None:
        self.tell("recovered")

    def on_schema(self, schema: FactorSchema) -> None:
        self.tell("schema", schema.names)

    def _on_message(self, message: object) -> None:
        self.tell("message")


class TellingModel(Telling, PythonGate):
    """The same, decided in Python."""


class Ageless(Telling):
    """Without a maximum age."""

    max_age = None


class AgelessModel(Ageless, PythonGate):
    """The same, decided in Python."""


def record(
    sequence: int = 1, values: tuple[float, ...] = (1, 2, 3), schema: FactorSchema = SCHEMA
) -> ExternalFactors:
    """Make a record."""
    return ExternalFactors.from_values(
        schema, values, ts_event=START, ts_init=START, sequence=sequence
    )


def wrapped(f: ExternalFactors) -> CustomData:
    """Return a record as the bus carries it."""
    return CustomData(EXTERNAL_FACTORS, f)


Steps = list[tuple[str, int, int, int, tuple[float, ...], int]]
VALUES = st.tuples(*[st.sampled_from([1.0, -math.inf, 0.0] * 4 + [math.nan])] * 4)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["record"] * 8 + ["repeat", "message"]),
        st.sampled_from([0, 1, 5, 10, 20, 21, 50]),  # ms since the step before
        st.sampled_from([0] * 8 + [-30, -1, 1, 19, 20, 21]),  # ms of age at arrival
        st.sampled_from([0] * 8 + [-15, 15]),  # ms by which ts_init is off
        VALUES,
        st.sampled_from([0] * 8 + [1, 2, 2, 3]),  # schema
    ),
    max_size=40,
)


def data_of(steps: Steps) -> list[CustomData]:
    """Make an engine's data."""
    data: list[CustomData] = []
    now, last = START, record(0)
    for i, (kind, later, age, off, values, schema) in enumerate(steps, 1):
        now += later * MS
        if kind == "message":
            data.append(CustomData(FEED_MESSAGES, Message(now)))
            continue
        if kind == "record":
            names = SCHEMAS[schema]
            last = record(i, values[: len(names)], names)
            stamps = now - age * MS, now + off * MS
        else:
            stamps = last.ts_event, last.ts_init
        # The engine replays at the stamp of this moment; the strategy sees the other.
        last.ts_event = last.ts_init = now
        data.append(wrapped(last))
        last.ts_event, last.ts_init = stamps
    return data


@pytest.mark.parametrize("kinds", [(Telling, TellingModel), (Ageless, AgelessModel)])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_the_gate_decides_as_its_model_in_python(
    kinds: tuple[type[Telling], type[Telling]], steps: Steps
) -> None:
    """The same callbacks in the same order at the same instants: NaN, stale, future and repeated
    records, other schemas, messages and alerts.
    """
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(bypass_logging=True)))
    pair = [
        kind(FactorStrategyConfig(strategy_id=StrategyId(f"S-{i}"), order_id_tag=str(i)))
        for i, kind in enumerate(kinds)
    ]
    for strategy in pair:
        engine.add_strategy(strategy)
    data = data_of(steps)
    if data:
        engine.add_data(data)
        engine.run(end=data[-1].ts_init + 100 * MS)
        assert pair[0].told == pair[1].told
    engine.dispose()


class Counting(FactorStrategy[FactorStrategyConfig]):
    """Count what comes."""

    required_factors: ClassVar[tuple[str, ...]] = ("b",)

    def __init__(self) -> None:
        super().__init__(FactorStrategyConfig())
        self.seen: list[int] = []

    def on_factors(self, f: ExternalFactors) -> None:
        self.seen.append(f.sequence)


def test_an_exception_of_the_author_comes_out_unchanged() -> None:
    """And the record counts as traded on, as it was when on_factors was called."""

    class Raising(Counting):
        def on_factors(self, f: ExternalFactors) -> None:
            raise planted

    planted = RuntimeError("planted")
    strategy, f = Raising(), record()
    with pytest.raises(RuntimeError) as caught:
        strategy.on_data(wrapped(f))
    assert caught.value is planted
    assert strategy.factors is f


def test_a_subclass_may_override_on_data_and_call_super() -> None:
    """It sees every message first; the gate does the rest."""

    class Overriding(Counting):
        def on_data(self, data: CustomData) -> None:
            self.seen.append(-data.data.sequence)
            super().on_data(data)

    strategy = Overriding()
    assert not isinstance(strategy.on_data, Gate)
    strategy.on_data(wrapped(record(1)))
    assert strategy.seen == [-1, 1]


def test_on_factors_may_be_replaced_until_the_first_record() -> None:
    """What wraps a strategy's method before it runs is called."""
    strategy = Counting()
    original = strategy.on_factors
    calls: list[int] = []

    def wrapping(f: ExternalFactors) -> None:
        calls.append(f.sequence)
        original(f)

    strategy.on_factors = wrapping  # type: ignore[method-assign]
    strategy.on_data(wrapped(record(1)))
    assert calls == strategy.seen == [1]


def test_factors_cannot_be_set_from_outside() -> None:
    """What may be traded on is the gate's to say."""
    strategy = Counting()
    with pytest.raises(AttributeError):
        strategy.factors = record()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda f: setattr(f, "payload", f.payload[:8]), ValueError),
        (lambda f: setattr(f, "payload", 5), TypeError),
        (lambda f: delattr(f, "payload"), AttributeError),
        (lambda f: delattr(f, "schema"), AttributeError),
    ],
)
def test_a_broken_record_raises(
    spoil: Callable[[ExternalFactors], None], error: type[Exception]
) -> None:
    """Nothing is read outside the payload."""
    strategy, f = Counting(), record()
    spoil(f)
    data = CustomData(EXTERNAL_FACTORS, f)
    with pytest.raises(error):
        strategy.on_data(data)
    assert strategy.seen == []


def test_a_million_messages_leave_nothing_behind() -> None:
    """Each object has as many references afterwards as before, and no memory grows."""

    class Silent(Counting):
        def on_factors(self, f: ExternalFactors) -> None:
            pass

    strategy = Silent()
    good, bad = record(1), record(2, (1, math.nan, 3))
    message = CustomData(FEED_MESSAGES, Message(START))
    pattern = [wrapped(good), wrapped(bad), wrapped(record(3)), message]
    watched = [strategy, good, bad, SCHEMA, good.payload, message, None.__class__]

    def run(rounds: int) -> None:
        on_data = strategy.on_data
        for _ in range(rounds):
            for data in pattern:
                on_data(data)
            on_data(pattern[0])
            on_data(wrapped(ExternalFactors(SCHEMA, good.payload, START, START, 9)))

    run(10)
    gc.collect()
    before = [sys.getrefcount(o) for o in watched]

    def grown_by() -> int:
        blocks = sys.getallocatedblocks()
        run(170_000)
        gc.collect()
        return abs(sys.getallocatedblocks() - blocks)

    # Other threads of a test run allocate too, now and then; what leaks does so each time.
    assert any(grown_by() < 100 for _ in range(3))
    assert [sys.getrefcount(o) for o in watched] == before


def test_the_collector_frees_what_a_gate_holds() -> None:
    """A gate and its owner, which hold one another, go together."""

    class Owner:
        def __init__(self) -> None:
            self.gate = Gate(self, None)

        def on_factors(self, f: ExternalFactors) -> None:
            pass

        def _accept(self, data: CustomData) -> bool:
            self.gate.require([])
            self.gate.schema = data.data.schema
            return True

        def _regain(self, f: ExternalFactors) -> None:
            self.gate.factors = f

    owner = Owner()
    owner.gate(wrapped(record()))
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None
    with pytest.raises(TypeError):
        Gate()  # type: ignore[call-arg]


def test_catalogs_and_records_need_no_gate() -> None:
    """Where the extension was not built, records, batches and catalogs work all the same."""
    code = (
        "import sys; sys.modules['dolphin_strategies._gate'] = None\n"
        "import adapters.catalog\n"
        "from dolphin_strategies import ExternalFactors, FactorBatch, FactorSchema\n"
        "f = ExternalFactors(FactorSchema(['a']), bytes(8), 1, 2)\n"
        "assert FactorBatch.of([f]).records() == [f]\n"
        "assert 'dolphin_strategies.factor_strategy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=240)
