"""The tap at a strategy's methods."""

from __future__ import annotations

from typing import Any

from nautilus_trader.model import CustomData

from adapters.session import wire_format
from adapters.session.tap import decisions
from adapters.session.tap.strategy_tap import StrategyTap
from dolphin_strategies import ExternalFactors, FactorSchema, FactorStrategy, FactorStrategyConfig
from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS

SCHEMA = FactorSchema(["a"])


class Log:
    """Keep what is told."""

    def __init__(self) -> None:
        self.inputs: list[tuple[int, int, int, int]] = []
        self.lines: list[dict[str, Any]] = []
        self.breaks = False

    def factors(self, kind: int, number: int, delivered_ns: int, f: ExternalFactors) -> None:
        if self.breaks:
            msg = "planted in the log"
            raise RuntimeError(msg)
        self.inputs.append((kind, number, delivered_ns, f.sequence))

    def quote(self, number: int, delivered_ns: int, quote: Any) -> None:
        """Take no quotes."""

    def trade(self, number: int, delivered_ns: int, trade: Any) -> None:
        """Take no trades."""

    def funding(self, number: int, delivered_ns: int, rate: Any) -> None:
        """Take no funding rates."""

    def line(self, line: dict[str, Any]) -> None:
        self.lines.append(line)


class Seeing(FactorStrategy[FactorStrategyConfig]):
    """Note what comes."""

    def __init__(self) -> None:
        super().__init__(FactorStrategyConfig())
        self.seen: list[int] = []

    def on_factor_history(self, records: Any) -> None:
        self.seen += [-f.sequence for f in records]

    def on_factors(self, f: ExternalFactors) -> None:
        self.seen.append(f.sequence)


def factors(sequence: int) -> ExternalFactors:
    """Return a record."""
    return ExternalFactors.from_values(SCHEMA, [1.0], ts_event=1, ts_init=2, sequence=sequence)


def wrapped(sequence: int) -> CustomData:
    """Return a record as the bus carries it."""
    return CustomData(EXTERNAL_FACTORS, factors(sequence))


def test_delivery_times_rise_strictly_though_the_clock_does_not() -> None:
    """``max(now, previous + 1)``, also when the clock goes back."""
    times = iter([100, 100, 50, 200])
    strategy, log = Seeing(), Log()
    StrategyTap(strategy, log, lambda: next(times))
    for sequence in (1, 2, 3, 4):
        strategy.on_data(wrapped(sequence))
    assert [(n, ns) for _, n, ns, _ in log.inputs] == [(1, 100), (2, 101), (3, 102), (4, 200)]
    assert strategy.seen == [1, 2, 3, 4]


def test_a_repeated_record_is_no_input() -> None:
    """A spinning feed gives its last record again and again to stay warm."""
    strategy, log = Seeing(), Log()
    StrategyTap(strategy, log, lambda: 0)
    data = wrapped(1)
    for _ in range(5):
        strategy.on_data(data)
    assert len(log.inputs) == 1


def test_history_and_the_record_kept_back_are_inputs_when_they_are_given() -> None:
    """Each record has a number; the live one that had to wait comes after them."""
    strategy, log = Seeing(), Log()
    StrategyTap(strategy, log, lambda: 10)
    strategy.on_factor_history([factors(1), factors(2)])
    strategy._end_history(wrapped(3))
    strategy.on_data(wrapped(4))
    past, kept, live = wire_format.HISTORY, wire_format.RELEASED, wire_format.FACTORS
    assert log.inputs == [(past, 1, 10, 1), (past, 2, 11, 2), (kept, 3, 12, 3), (live, 4, 13, 4)]
    assert [line["history"] for line in log.lines] == [2]
    assert strategy.seen == [-1, -2, 3, 4]


def test_a_broken_log_reaches_no_strategy() -> None:
    """What it raises is kept aside, and the strategy gets everything."""
    strategy, log = Seeing(), Log()
    log.breaks = True
    tap = StrategyTap(strategy, log, lambda: 0)
    strategy.on_data(wrapped(1))
    strategy.on_data(wrapped(2))
    assert strategy.seen == [1, 2]
    assert "planted in the log" in tap.events.problem
    assert not tap.events.failure


def test_tags_and_parameters_of_an_order_are_described() -> None:
    """They are a list and a dict."""

    class Order:
        """An order as far as its description needs it."""

        def to_dict(self) -> dict[str, Any]:
            return {
                "client_order_id": "O-1",
                "tags": ["entry"],
                "exec_algorithm_params": {"horizon": "10"},
                "is_post_only": False,
                "price": None,
            }

    assert decisions.describe_order(Order(), decisions.Ordinals()) == {
        "number": 1,
        "tags": ["entry"],
        "exec_algorithm_params": {"horizon": "10"},
    }


def test_the_id_of_a_position_is_described_by_its_ordinal() -> None:
    """A venue makes ids of the time, so that they are others in each run."""

    class Opened:
        """A position event as far as its description needs it."""

        def __init__(self, position_id: str) -> None:
            self.position_id = position_id

    def described(*ids: str) -> list[Any]:
        ordinals = decisions.Ordinals()
        decisions.describe_event(Opened(ids[0]), ordinals)
        calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
            (("O-1", ids[1]), {}), (("O-2",), {"position_id": ids[0]}), (("O-3",), {}),
        ]  # fmt: skip
        return [
            decisions.describe_call("submit_order", arguments, keywords, ordinals)
            for arguments, keywords in calls
        ]

    assert described("P-20261128-101500-1", "P-2") == described("P-20261128-101501-1", "P-7")
    assert described("P-1", "P-2") == [
        {"call": "submit_order", "order": 1, "position_id": 2},
        {"call": "submit_order", "order": 2, "position_id": 1},
        {"call": "submit_order", "order": 3},
    ]
