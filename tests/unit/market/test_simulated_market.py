"""The simulated market: the same for the same seed, its quotes made before they are due."""

from __future__ import annotations

import time

from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from adapters.market.prepared_quotes import NUMBERS_AT_ONCE, PreparedQuotes
from adapters.market.simulated_path import BLOCK_STEPS, STEP_NS, SimulatedPath
from adapters.shm import FactorReader
from live.producers.producer_child import ProducerChild
from tests.support.eventually import eventually
from tests.support.transports.regions import new_region_path, remove_all_of

SEED = 7
BIDS = {0: 59999.2, 1: 59999.3, 777: 59917.3, BLOCK_STEPS - 1: 59555.8, BLOCK_STEPS: 59555.5}
RECORDS = 60


def test_a_seed_gives_the_market_it_always_gave() -> None:
    """The bids of the first release, over the end of a block; the ask is one tick above."""
    path = SimulatedPath(SEED)
    for step, bid in BIDS.items():
        (quote,) = path.quotes(step, 1)
        assert (quote.bid, quote.ask) == (bid, round(bid + 0.1, 1))
        assert min(quote.bid_size, quote.ask_size) > 0


def test_quotes_at_once_are_those_one_by_one_and_end_with_the_block() -> None:
    """Whatever is asked for at once, a step has one quote."""
    path, other = SimulatedPath(SEED), SimulatedPath(SEED)
    for step in (0, 5, BLOCK_STEPS - 3, BLOCK_STEPS):
        many = [*path.quotes(step, 5)]
        assert len(many) == min(5, BLOCK_STEPS - step % BLOCK_STEPS)
        assert many == [q for n in range(len(many)) for q in other.quotes(step + n, 1)]


def test_prepared_quotes_are_the_path_s_own_also_after_missed_steps() -> None:
    """Numbers, precisions and stamps, for steps one by one, skipped, and prepared in advance."""
    instrument, path = btcusdt_perp(), SimulatedPath(SEED)
    quotes = PreparedQuotes(SimulatedPath(SEED), instrument, time.time_ns)
    quotes.prepare(1)
    later, end = NUMBERS_AT_ONCE * 10, range(BLOCK_STEPS - 2, BLOCK_STEPS + 2)
    for step in (*range(1, NUMBERS_AT_ONCE + 3), later, later + 5, *end):
        due_ns = time.time_ns() - step
        quote = quotes.quote(step, due_ns)
        (expected,) = path.quotes(step, 1)
        assert quote.instrument_id == BTCUSDT_PERP
        assert quote.bid_price == instrument.make_price(expected.bid)
        assert quote.ask_price == instrument.make_price(expected.ask)
        assert quote.bid_size == instrument.make_qty(expected.bid_size)
        assert quote.ask_size == instrument.make_qty(expected.ask_size)
        assert quote.ts_event == due_ns <= quote.ts_init <= time.time_ns()


def test_a_quote_handed_over_early_is_received_when_it_is_due() -> None:
    """Its ``ts_init`` is never before its ``ts_event``."""
    quotes = PreparedQuotes(SimulatedPath(SEED), btcusdt_perp(), lambda: 1_000)
    assert quotes.quote(3, 2_000).ts_init == 2_000


def test_the_delay_of_a_step_is_drawn_anew_and_the_same_for_the_same_seed() -> None:
    """Over the whole of a step's 5 ms, in any order of the steps."""
    path = SimulatedPath(SEED)
    delays = [path.delay_ns(step) for step in range(1_000)]
    assert all(0 <= delay < STEP_NS for delay in delays)
    tenths = [delay * 10 // STEP_NS for delay in delays]
    assert all(50 < tenths.count(tenth) < 200 for tenth in range(10))
    assert [SimulatedPath(SEED).delay_ns(step) for step in (900, 3)] == [delays[900], delays[3]]
    assert SimulatedPath(SEED + 1).delay_ns(3) != delays[3]


def test_the_demo_s_producer_writes_each_step_at_its_own_delay() -> None:
    """The factors of every record are those of the step in which it was written, not before."""
    region = new_region_path()
    producer = ProducerChild(
        "live.producers.demo_producer", ["--region", str(region), "--seed", str(SEED)]
    )
    try:
        with FactorReader(region) as reader:
            start_ns = time.time_ns()
            producer.start_at(start_ns)
            eventually(lambda: reader.status().published >= RECORDS, f"{RECORDS} records")
            reader.position = 0
            batch = reader.read_batch(RECORDS)
            assert batch is not None
        path = SimulatedPath(SEED)
        steps = (batch.ts_event - start_ns) // STEP_NS
        assert all(steps[1:] > steps[:-1])
        for n, step in enumerate(steps.tolist()):
            due_ns = start_ns + step * STEP_NS + path.delay_ns(step)
            assert due_ns == batch.ts_event[n] <= time.time_ns()
            assert batch.values[n].tolist() == path.factors(step).tolist()
    finally:
        producer.stop()
        remove_all_of(region)
