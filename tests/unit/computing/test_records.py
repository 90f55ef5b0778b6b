"""Which instants give a record, and what a source of computed factors says of itself."""

from __future__ import annotations

import math
from array import array
from typing import Any, Final

import numpy as np
import pytest
from nautilus_trader.model import InstrumentId, Price, Quantity, QuoteTick

from adapters.computing.computed_source import ComputedSource
from adapters.computing.record_maker import KEEP_ALIVE_NS, RecordMaker
from dolphin_strategies import FactorSchema, SourceState
from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.computed.inputs import NEVER
from dolphin_strategies.computed.spec import ComputedSpec

INSTRUMENT: Final = "BTCUSDT-PERP.BINANCE"
START: Final = 1_700_000_000_000_000_000
LIFE_NS: Final = 2_000_000_000


def factors() -> ComputedFactors:
    """Return one factor, of quotes."""
    spec = ComputedSpec(
        name="mid",
        class_name="Mid",
        instruments=(INSTRUMENT,),
        low=0,
        high=1e9,
        time_to_live_s=LIFE_NS / 1e9,
    )
    return ComputedFactors([spec])


def quote(bid: int, at_ns: int) -> QuoteTick:
    """Return a quote two wide."""
    one = Quantity(1, 3)
    prices = Price(bid, 1), Price(bid + 2, 1)
    return QuoteTick(InstrumentId.from_str(INSTRUMENT), *prices, one, one, at_ns, at_ns)


def test_a_change_gives_a_record_and_nothing_new_gives_none() -> None:
    """The same values again give one only if they are newer, and the last record is old."""
    computed = factors()
    maker = RecordMaker(computed)
    made = []
    for bid, after_ns in ((100, 0), (100, 1), (101, 2), (101, 3), (101, KEEP_ALIVE_NS + 2)):
        computed.update(quote(bid, START + after_ns))
        made.append(maker.evaluate(START + after_ns))
    assert made == [True, False, True, False, True]
    # Time alone is no news.
    assert not maker.evaluate(START + 10 * KEEP_ALIVE_NS)
    assert maker.records == 3


def test_an_expiry_is_told_once() -> None:
    """Evaluated at it, there is a record without a value, and no next one."""
    computed = factors()
    maker = RecordMaker(computed)
    assert maker.expiry_ns == NEVER
    computed.update(quote(100, START))
    maker.evaluate(START)
    assert maker.expiry_ns == START + LIFE_NS
    assert not maker.evaluate(START + LIFE_NS - 1)
    assert maker.evaluate(START + LIFE_NS)
    assert math.isnan(computed.values[0])
    assert maker.expiry_ns == NEVER


def rows_of(maker: RecordMaker) -> list[tuple[int, int, float]]:
    """Return the held records of one factor: the two stamps and the value."""
    kind = np.dtype([("ts_event", "<i8"), ("ts_init", "<i8"), ("value", "<f8")])
    return [tuple(row) for row in np.frombuffer(maker.take_rows(), kind).tolist()]


def take(maker: RecordMaker, data: list[Any], ends: list[int], *instants: int) -> None:
    """Give groups of data, each expired before its instant."""
    at = np.array(instants, np.int64)
    maker.take(data, np.array(ends, np.int64), at, at)


def test_groups_of_data_give_the_records_of_one_evaluation_each() -> None:
    """The same as data and evaluations one by one, and inputs expire between groups."""
    late = START + 5 * LIFE_NS
    data = [quote(100, START), quote(101, START), quote(102, START + 1), quote(102, late)]
    one_by_one, computed = factors(), factors()
    maker, expected = RecordMaker(one_by_one), []
    for bids, at_ns in ((data[:2], START), (data[2:3], START + 1), (data[3:], late)):
        if (expiry_ns := maker.expiry_ns) < at_ns and maker.evaluate(expiry_ns):
            expected.append((one_by_one.ts_event, expiry_ns, one_by_one.values[0]))
        for datum in bids:
            one_by_one.update(datum)
        if maker.evaluate(at_ns):
            expected.append((one_by_one.ts_event, at_ns, one_by_one.values[0]))
    maker = RecordMaker(computed)
    take(maker, data, [2, 3, 4], START, START + 1, late)
    maker.expire(late + LIFE_NS + 1)
    found = rows_of(maker)
    assert repr(found[:-1]) == repr(expected)
    assert found[-1][:2] == (late, late + LIFE_NS)
    assert [value for *_, value in found[:2]] == [102.0, 103.0]
    assert math.isnan(found[2][2])
    assert maker.records == len(found) == 5
    assert rows_of(maker) == []


def test_groups_without_used_data_give_no_record() -> None:
    """Data that no factor uses are not an instant of theirs."""
    maker = RecordMaker(factors())
    take(maker, [quote(100, START), "no market data"], [1, 2], START, START + LIFE_NS // 2)
    assert [at_ns for _, at_ns, _ in rows_of(maker)] == [START]


def test_groups_that_do_not_fit_are_refused() -> None:
    """Arrays of several lengths or of another type, more data than there are, and no list."""
    maker = RecordMaker(factors())
    one, two = np.array([1], np.int64), np.array([1, 1], np.int64)
    with pytest.raises(ValueError, match="int64"):
        maker.take([quote(100, START)], one, two, one)
    with pytest.raises(ValueError, match="int64"):
        maker.take([quote(100, START)], one, one, one.astype(np.int32))
    with pytest.raises(ValueError, match="int64"):
        maker.take([quote(100, START)], one, one, one.astype(float))
    with pytest.raises(TypeError, match="list"):
        maker.take((quote(100, START),), one, one, one)  # type: ignore[arg-type]
    with pytest.raises(IndexError):
        take(maker, [quote(100, START)], [2], START)
    with pytest.raises(IndexError):
        take(maker, [quote(100, START)], [-1, 1], START, START)


def test_a_source_says_whether_there_is_market_data() -> None:
    """Waiting before the first value, live with one, stale when none is left."""
    source = ComputedSource(FactorSchema(["a", "b"]))
    woken: list[int] = []
    source.open(lambda: woken.append(1), lambda: START + 99)
    assert source.status().state is SourceState.WAITING
    source.take(array("d", [math.nan, math.nan]), START, START + 1)
    assert source.status().state is SourceState.WAITING
    assert source.sleep() is False
    assert source.read_next() is not None
    assert source.sleep()
    source.take(array("d", [math.nan, 2.0]), START + 2, START + 3)
    assert woken == [1]
    f = source.read_next()
    assert f is not None
    assert (f.ts_event, f.ts_init, f["b"]) == (START + 2, START + 3, 2.0)
    assert source.status().state is SourceState.LIVE
    source.take(array("d", [math.nan, math.nan]), START + 2, START + 4)
    assert source.status().state is SourceState.STALE
    assert source.status().reason == "the market data is silent"
