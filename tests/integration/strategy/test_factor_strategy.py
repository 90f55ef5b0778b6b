"""FactorStrategy's gate, in Nautilus's BacktestEngine: the clock is exact there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.model import CustomData
from nautilus_trader.trading import StrategyConfig

from dolphin_strategies import (
    EXTERNAL_FACTORS,
    ExternalFactors,
    FactorSchema,
    FactorStrategy,
    FactorStrategyConfig,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
SCHEMA = FactorSchema(["basis", "imbal_btc", "spread"])
NAN = math.nan


@dataclass(frozen=True, kw_only=True)
class RecorderConfig(FactorStrategyConfig):
    """A config with a field of its own."""

    label: str = "x"


class Recorder(FactorStrategy[RecorderConfig]):
    """Write down everything that it is told, with the clock's second."""

    required_factors: ClassVar[tuple[str, ...]] = ("imbal_btc", "basis")
    max_age: ClassVar[timedelta | None] = timedelta(seconds=2)

    def on_start(self) -> None:
        super().on_start()
        self.told: list[tuple[float, str, Any]] = []

    def tell(self, what: str, detail: Any = None) -> None:
        """Write one line."""
        self.told.append(((self.clock.timestamp_ns() - START) / SECOND, what, detail))

    def on_factors(self, f: ExternalFactors) -> None:
        self.tell("factors", f["imbal_btc"])

    def on_factors_stale(self) -> None:
        self.tell("stale", self.factors)

    def on_factors_recovered(self) -> None:
        assert self.factors is not None
        self.tell("recovered", self.factors["imbal_btc"])

    def on_schema(self, schema: FactorSchema) -> None:
        self.tell("schema", len(schema))


class NoLimit(Recorder):
    """Trade on records of any age, with all factors optional."""

    required_factors = ()
    max_age = None


def record(
    seconds: float, *values: float, age: float = 0, schema: FactorSchema = SCHEMA
) -> CustomData:
    """Make a record that arrives at a second and is ``age`` seconds old then."""
    at = START + int(seconds * SECOND)
    f = ExternalFactors.from_values(
        schema, values, ts_event=at - int(age * SECOND), ts_init=at, sequence=1
    )
    return CustomData(EXTERNAL_FACTORS, f)


def told_by(
    strategy: type[Recorder], records: Iterable[CustomData], end: float = 10
) -> list[tuple[float, str, Any]]:
    """Run a strategy over records and return what it was told."""
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(bypass_logging=True)))
    running = strategy(RecorderConfig())
    engine.add_strategy(running)
    engine.add_data(list(records))
    engine.run(end=START + int(end * SECOND))
    engine.dispose()
    return running.told


def test_fresh_complete_factors_arrive_in_order() -> None:
    """Each record comes once, at its ts_init, after its schema."""
    told = told_by(Recorder, [record(1, 5, 0.1, 1), record(2, 5, 0.2, 1)], end=3)
    assert told == [(1, "schema", 3), (1, "factors", 0.1), (2, "factors", 0.2)]


def test_staleness_is_told_once_by_the_clock_and_then_recovery() -> None:
    """With no data at all, the alert fires when max_age is over; the next record recovers."""
    told = told_by(Recorder, [record(1, 5, 0.1, 1), record(6, 5, 0.2, 1), record(7, 5, 0.3, 1)])
    assert [(round(s, 6), what) for s, what, _ in told] == [
        (1, "schema"),
        (1, "factors"),
        (3, "stale"),
        (6, "recovered"),
        (6, "factors"),
        (7, "factors"),
        (9, "stale"),
    ]


def test_the_alert_moves_with_new_records() -> None:
    """A stream of fresh records never goes stale; its end does, counted from the last one."""
    told = told_by(Recorder, [record(1 + i / 2, 5, i, 1) for i in range(10)])
    assert [what for _, what, _ in told if what != "factors"] == ["schema", "stale"]
    assert told[-1][0] == pytest.approx(5.5 + 2, abs=1e-6)


def test_staleness_follows_from_the_data_when_the_alert_is_late() -> None:
    """A record past its predecessor's last fresh instant tells stale itself, before recovery; the
    engine fires the alert of that instant after it. One at the last fresh instant does not.
    """
    late = [record(1, 5, 0.1, 1), record(3 + 1e-9, 5, 0.2, 1)]
    told = told_by(Recorder, [late[0], record(3, 5, 0.15, 1)], end=4)
    assert [what for _, what, _ in told] == ["schema", "factors", "factors"]
    late[1].data.ts_init = late[1].data.ts_event = START + 3 * SECOND + 1
    told = told_by(Recorder, [late[0], CustomData(EXTERNAL_FACTORS, late[1].data)], end=4)
    assert [what for _, what, _ in told] == [
        "schema", "factors", "stale", "recovered", "factors",
    ]  # fmt: skip


class AsksAtOnce(Recorder):
    """Ask for the factors in an alert that comes before the one that tells of their age."""

    def on_start(self) -> None:
        super().on_start()
        for at in (START + 3 * SECOND, START + 3 * SECOND + 1):
            self.clock.set_time_alert_ns(f"asks-{at}", at, lambda event: self.ask())

    def ask(self) -> None:
        """Write down whether there are factors."""
        self.tell("asked", self.factors is not None)


def test_no_factors_are_given_past_their_age_before_the_alert_tells_it() -> None:
    """Faults D07 and D08: on a thread with much to do the alert is late; whoever asks is told the
    truth.
    """
    told = told_by(AsksAtOnce, [record(1, 5, 0.1, 1)], end=4)
    assert [(what, detail) for _, what, detail in told[2:]] == [
        ("asked", True), ("asked", False), ("stale", None),
    ]  # fmt: skip


def test_a_record_that_comes_too_old_ends_what_was_fresh() -> None:
    """It is not traded on, and says that the one before it no longer is either."""
    told = told_by(Recorder, [record(1, 5, 0.1, 1), record(3.5, 5, 0.2, 1, age=3)], end=3.6)
    assert [what for _, what, _ in told] == ["schema", "factors", "stale"]


def test_infinite_values_are_values() -> None:
    """Two infinities of opposite signs are no missing factor."""
    told = told_by(Recorder, [record(1, math.inf, -math.inf, 1)], end=2)
    assert told[-1] == (1, "factors", -math.inf)


def test_nan_in_a_required_factor_is_no_factors() -> None:
    """Fault D09: on_factors is not called for it, staleness is told at once, and once."""
    told = told_by(
        Recorder,
        [record(1, 5, 0.1, 1), record(2, NAN, 0.2, 1), record(2.5, NAN, 0.2, 1),
         record(3, 5, 0.3, 1)],
        end=4,
    )  # fmt: skip
    assert [(s, what) for s, what, _ in told] == [
        (1, "schema"),
        (1, "factors"),
        (2, "stale"),
        (3, "recovered"),
        (3, "factors"),
    ]


def test_nan_in_another_factor_does_not_matter() -> None:
    """Only required factors gate."""
    told = told_by(Recorder, [record(1, 5, 0.1, NAN)], end=2)
    assert told[-1] == (1, "factors", 0.1)


def test_a_record_that_is_old_on_arrival_is_not_traded_on() -> None:
    """Its age counts from its ts_event."""
    told = told_by(Recorder, [record(1, 5, 0.1, 1, age=2.5), record(4, 5, 0.2, 1, age=1.5)])
    assert [(round(s, 6), what) for s, what, _ in told] == [
        (1, "schema"),
        (4, "factors"),
        (4.5, "stale"),
    ]


def test_a_schema_without_a_required_factor_gives_no_factors_until_one_has_it() -> None:
    """A schema change is followed, never with a value under a wrong name."""
    lacking = FactorSchema(["basis", "imbal_eth", "spread"])
    longer = FactorSchema(["funding", "imbal_btc", "spread", "basis"])
    told = told_by(
        Recorder,
        [
            record(1, 5, 0.1, 1),
            record(2, 5, 0.9, 1, schema=lacking),
            record(3, 8, 0.3, 1, 5, schema=longer),
        ],
        end=4,
    )
    assert [(s, what, d) for s, what, d in told] == [
        (1, "schema", 3),
        (1, "factors", 0.1),
        (2, "stale", None),
        (3, "schema", 4),
        (3, "recovered", 0.3),
        (3, "factors", 0.3),
    ]


def test_without_requirements_everything_arrives() -> None:
    """No required factors and no max_age: NaN and old records come too."""
    told = told_by(NoLimit, [record(1, NAN, 0.5, NAN, age=100), record(9, NAN, 0.6, NAN)])
    assert [what for _, what, _ in told] == ["schema", "factors", "factors"]


def test_the_config_reaches_nautilus_and_refuses_unknown_fields() -> None:
    """Base fields are passed on, manage_stop is on, and a typo is an error."""
    config = RecorderConfig(label="y", order_id_tag="007")
    assert (config.label, config.manage_stop) == ("y", True)
    assert Recorder(config).config is config
    with pytest.raises(TypeError, match="lable"):
        RecorderConfig(lable="z")  # type: ignore[call-arg]


def test_an_event_time_in_the_future_opens_no_gate() -> None:
    """Staleness counts from the arrival then: a wrong clock cannot hide a dead producer."""
    told = told_by(Recorder, [record(1, 5, 0.1, 1, age=-3600)])
    assert [(round(s, 6), what) for s, what, _ in told][-1] == (3, "stale")


def test_a_repeat_of_the_newest_record_is_not_acted_on() -> None:
    """Neither while it is fresh, nor to recover once it is stale."""
    repeated = record(1, 5, 0.1, 1)
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggerConfig(bypass_logging=True)))
    running = Recorder(RecorderConfig())
    engine.add_strategy(running)
    engine.add_data([repeated])
    engine.run(end=START + 5 * SECOND)
    running.on_data(repeated)
    assert [what for _, what, _ in running.told] == ["schema", "factors", "stale"]
    engine.dispose()


@dataclass(frozen=True, kw_only=True)
class StaysOpenConfig(FactorStrategyConfig):
    """A config whose own default is another one."""

    manage_stop: bool = False


def test_nautilus_own_fields_may_be_given_and_given_other_defaults() -> None:
    """The Rust core reads what the dataclass says, in the base class and in a subclass."""
    core = StrategyConfig.manage_stop.__get__
    assert core(FactorStrategyConfig()) is True
    assert core(FactorStrategyConfig(manage_stop=False)) is False
    assert core(StaysOpenConfig()) is False
    assert core(StaysOpenConfig(manage_stop=True)) is True
    assert FactorStrategyConfig(manage_stop=False).manage_stop is False


def test_attributes_set_before_the_base_class_are_kept() -> None:
    """A subclass may set its own in ``__init__`` before and after ``super().__init__``."""

    class Early(FactorStrategy[FactorStrategyConfig]):
        def __init__(self) -> None:
            self.before = 1
            super().__init__(FactorStrategyConfig())
            self.after = self.before + 1

    first, second = Early(), Early()
    second.before = 5
    assert (first.before, first.after, second.before, second.after) == (1, 2, 5, 2)
    assert vars(first)["after"] == 2
    assert first.factors is None
