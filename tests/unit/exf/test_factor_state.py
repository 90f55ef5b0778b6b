"""DelaySensitivity: what is published when, of values that age, fail and come back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from adapters.exchanges.rest_venue import Reading
from adapters.exf.factor_state import FactorState
from tests.support.exchange.registries import packaged

if TYPE_CHECKING:
    from adapters.exf.registry.factor_registry import PolledSource

S = 1_000_000_000
REGISTRY = packaged()
NOW = 1000 * S


def source(key: str) -> PolledSource:
    """Return a packaged source."""
    return next(s for s in REGISTRY.sources if s.key == key)


TOUCH = source("binance_usdm/book_ticker/BTCUSDT")
SPOT = source("binance_spot/book_ticker/BTCUSDT")


def touch(mid: float, **values: float) -> Reading:
    """Return a reading of the touch."""
    fields = {"mid": mid, "spread_bps": 1.0, "imbalance_1": 0.5, "microprice_offset_bps": 0.1}
    return Reading({**fields, **values})


def test_nothing_has_a_value_before_the_first_answer() -> None:
    """Counts of venues neither: they would be made of no input."""
    values = FactorState(REGISTRY).values(NOW)
    assert values.keys() == set(REGISTRY.schema.names)
    assert [name for name, value in values.items() if not math.isnan(value)] == []


def test_a_value_lives_for_its_time_and_not_longer() -> None:
    """Fault B07: 1.5 s for the touch; its expiry is known beforehand."""
    state = FactorState(REGISTRY)
    assert state.accept(TOUCH, touch(60_000), NOW, 0).changed
    assert state.values(NOW + int(1.49 * S))["spread"] == 1.0
    assert state.next_expiry_ns(NOW) == NOW + int(1.5 * S)
    assert math.isnan(state.values(NOW + int(1.5 * S))["spread"])
    assert state.next_expiry_ns(NOW + int(1.5 * S)) == 0


def test_age_counts_from_the_exchanges_time() -> None:
    """An answer that was 1 s old when it came has half a second left; one of 2 s is refused."""
    state = FactorState(REGISTRY)
    state.accept(TOUCH, touch(60_000), NOW, S)
    assert state.next_expiry_ns(NOW) == NOW + S // 2
    accepted = state.accept(TOUCH, touch(60_001), NOW, 2 * S)
    assert accepted.changed
    assert "2.0 s old" in accepted.refused[0][1]
    assert math.isnan(state.values(NOW)["spread"])


def test_the_same_value_again_is_no_change_and_lives_on() -> None:
    """Only changes are published at once."""
    state = FactorState(REGISTRY)
    state.accept(TOUCH, touch(60_000), NOW, 0)
    assert not state.accept(TOUCH, touch(60_000), NOW + S, 0).changed
    assert state.values(NOW + 2 * S)["spread"] == 1.0
    assert state.accept(TOUCH, touch(60_001), NOW + S, 0).changed


@pytest.mark.parametrize(
    ("values", "reason"),
    [({"spread_bps": math.nan}, "no number"), ({"spread_bps": 501.0}, "out of 0 to 500"),
     ({"spread_bps": -0.1}, "out of 0 to 500")],
)  # fmt: skip
def test_an_unusable_value_is_nan_at_once_and_the_others_stay(
    values: dict[str, float], reason: str
) -> None:
    """Faults B09, B10: faults B09, B10: no old value is kept alive in its place."""
    state = FactorState(REGISTRY)
    state.accept(TOUCH, touch(60_000), NOW, 0)
    accepted = state.accept(TOUCH, touch(60_000, **values), NOW + 1, 0)
    assert accepted.changed
    assert {name for name, _ in accepted.refused} == {"spread", "spread_bps_btc_binance"}
    assert reason in accepted.refused[0][1]
    found = state.values(NOW + 1)
    assert math.isnan(found["spread"])
    assert found["imbal_btc"] == 0.5


def test_both_ends_of_a_range_are_valid() -> None:
    """Fault B09: an imbalance of exactly 1 is an empty ask side, not an error."""
    state = FactorState(REGISTRY)
    assert not state.accept(TOUCH, touch(60_000, imbalance_1=1.0), NOW, 0).refused


def test_a_derived_factor_lives_as_long_as_its_inputs() -> None:
    """The basis needs perpetual and spot; it goes when one of them goes."""
    state = FactorState(REGISTRY)
    state.accept(TOUCH, touch(60_030), NOW, 0)
    assert math.isnan(state.values(NOW)["basis"])
    state.accept(SPOT, touch(60_000), NOW + S, 0)
    assert state.values(NOW + S)["basis"] == pytest.approx(5.0)
    assert math.isnan(state.values(NOW + int(1.6 * S))["basis"])


def test_consensus_counts_the_venues_that_answered() -> None:
    """Two of five mids: their median and their number."""
    state = FactorState(REGISTRY)
    state.accept(TOUCH, touch(60_000), NOW, 0)
    ticker = Reading({"mid": 60_010.0})
    state.accept(source("bybit/ticker/BTCUSDT"), ticker, NOW, 0)
    values = state.values(NOW)
    assert values["mid_btc_perp_median"] == 60_005
    assert values["mid_btc_perp_venues"] == 2


def test_what_a_source_says_wrong_takes_its_values_away() -> None:
    """An error body under HTTP 200; the second one changes nothing more."""
    state = FactorState(REGISTRY)
    state.accept(TOUCH, touch(60_000), NOW, 0)
    assert state.reject(TOUCH, NOW)
    assert math.isnan(state.values(NOW)["spread"])
    assert not state.reject(TOUCH, NOW)
    assert state.alive_of(TOUCH, NOW) == (0, 6)


def test_a_derived_value_out_of_its_range_is_nan() -> None:
    """Fault B09: a basis of 30 % is a mistake somewhere."""
    state = FactorState(REGISTRY)
    state.accept(TOUCH, touch(80_000), NOW, 0)
    state.accept(SPOT, touch(60_000), NOW, 0)
    assert math.isnan(state.values(NOW)["basis"])


def test_intermediate_values_are_not_published() -> None:
    """Names that begin with an underscore."""
    assert not [name for name in FactorState(REGISTRY).values(NOW) if name.startswith("_")]
