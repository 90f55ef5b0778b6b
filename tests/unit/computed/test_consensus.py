"""Factors of the mids of several venues, of which some may be silent."""

from __future__ import annotations

import math
from typing import Any, Final

import pytest

from dolphin_strategies.computed.factor_set import ComputedFactors
from tests.support.computed.events import PERPETUAL, SPOT, Quote, data_of, spec
from tests.support.computed.plain import SECOND

START: Final = 1_700_000_000 * SECOND


def quote(ts: int, bid: float, ask: float, instrument: str) -> Any:
    """Return a quote of one and three."""
    return data_of(Quote(ts, instrument, bid, ask, 1.0, 3.0, ts))


def test_a_consensus_counts_venues_that_are_alive() -> None:
    """A venue that is silent leaves it at its own instant; a crossed one at once."""
    venues = [PERPETUAL, SPOT, "BTCUSDT-LINEAR.BYBIT"]
    names = ("ConsensusMid", "ConsensusDispersionBps", "VenuesAlive")
    factors = ComputedFactors(spec(n, venues, max_age_s=5.0, time_to_live_s=20) for n in names)
    for n, venue in enumerate(venues):
        factors.update(quote(START + n * SECOND, 99.0 + n, 101.0 + n, venue))
    factors.evaluate(factors.now_ns)
    assert list(factors.values) == [101.0, 2 / 101 * 1e4, 3.0]
    assert factors.due_ns == START + 5 * SECOND
    factors.evaluate(factors.due_ns)
    assert list(factors.values) == [101.5, 1 / 101.5 * 1e4, 2.0]
    factors.update(quote(START + 5 * SECOND, 103.0, 101.0, SPOT))
    factors.evaluate(factors.now_ns)
    assert factors.values[0] == 102.0
    assert math.isnan(factors.values[1])
    assert factors.values[2] == 1.0
    factors.evaluate(START + 25 * SECOND)
    assert all(map(math.isnan, factors.values))


@pytest.mark.parametrize(("max_age_s", "life_s"), [(5.0, 2.0), (2.0, 5.0)])
def test_a_consensus_has_no_quote_older_than_its_time_to_live(
    max_age_s: float, life_s: float
) -> None:
    """The shorter of the two ages holds for every venue, not only for the youngest."""
    names = ("ConsensusMid", "ConsensusDispersionBps", "VenuesAlive")
    venues = [PERPETUAL, SPOT, "BTCUSDT-LINEAR.BYBIT"]
    factors = ComputedFactors(
        spec(n, venues, max_age_s=max_age_s, time_to_live_s=life_s) for n in names
    )
    factors.update(quote(START, 99.0, 101.0, venues[0]))
    factors.update(quote(START + SECOND, 100.0, 102.0, venues[1]))
    factors.update(quote(START + SECOND, 101.0, 103.0, venues[2]))
    factors.evaluate(START + 2 * SECOND - 1)
    assert list(factors.values) == [101.0, 2 / 101 * 1e4, 3.0]
    assert factors.due_ns == START + 2 * SECOND
    factors.evaluate(START + 2 * SECOND)
    assert list(factors.values) == [101.5, 1 / 101.5 * 1e4, 2.0]
    factors.evaluate(START + 3 * SECOND)
    assert all(map(math.isnan, factors.values))


def test_no_number_of_venues_is_made_of_no_venue() -> None:
    """With every quote crossed, none is alive, and a number would be made of nothing."""
    factors = ComputedFactors([spec("VenuesAlive", [PERPETUAL, SPOT])])
    for venue in (PERPETUAL, SPOT):
        factors.update(quote(START, 103.0, 101.0, venue))
    factors.evaluate(START)
    assert math.isnan(factors.values[0])
