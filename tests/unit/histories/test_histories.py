"""What the venues tell of their past: descriptions, recorded answers, bodies of any shape."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from adapters.exchanges import known_venues
from adapters.exchanges.rest_venue import BadBodyError
from adapters.exchanges.venues.histories import known_histories
from adapters.exchanges.venues.histories.history import (
    BAR_FIELDS,
    FUNDING_FIELDS,
    PREMIUM_FIELDS,
    History,
    text_of,
)
from adapters.exf.registry.derived_factors import RULES
from tests.support.exchange.bodies.histories import HISTORY_BODIES
from tests.support.exchange.recorded_answers import recorded

ALL = {
    f"{venue}/{name}": history
    for venue, told in known_histories().items()
    for name, history in told.histories.items()
}


@pytest.mark.parametrize("name", ALL)
def test_a_history_has_the_fields_of_its_live_endpoint(name: str) -> None:
    """A value of the past has the name, and so the unit, that the polled one has."""
    history, venue = ALL[name], known_venues()[name.split("/", maxsplit=1)[0]]
    if history.endpoint:
        assert set(history.fields) <= set(venue.endpoints[history.endpoint].fields)
    else:
        others = (BAR_FIELDS, FUNDING_FIELDS, PREMIUM_FIELDS)
        assert dict(history.fields) in tuple(map(dict, others))


@pytest.mark.parametrize("name", ALL)
def test_every_history_is_answered_by_the_local_exchange(name: str) -> None:
    """No history is left out of the tests with a server."""
    assert ALL[name].path in HISTORY_BODIES


def test_combinations_are_made_of_fields_that_there_are() -> None:
    """A combination has a rule and inputs, and is a field of a live endpoint."""
    for venue, told in known_histories().items():
        given = {(h.endpoint, f) for h in told.histories.values() for f in h.fields}
        for combination in told.combinations:
            fields = known_venues()[venue].endpoints[combination.endpoint].fields
            assert combination.field in fields
            assert RULES[combination.rule][1] == len(combination.of)
            assert set(combination.of) <= given


def test_a_window_is_asked_for_in_the_words_of_the_venue() -> None:
    """Inclusive ends, exclusive ends: the same half-open window."""
    window = (1_790_000_000_000, 1_790_000_300_000)
    asked = {
        name: dict(ALL[name].request("SYMBOL", *window).query)
        for name in (
            "binance_usdm/open_interest",
            "bybit/bars",
            "okx/funding",
            "okx/open_interest",
        )
    }
    assert asked["binance_usdm/open_interest"] == {
        "symbol": "SYMBOL",
        "period": "5m",
        "limit": "500",
        "startTime": "1790000000000",
        "endTime": "1790000299999",
    }
    assert (asked["bybit/bars"]["start"], asked["bybit/bars"]["end"]) == (
        "1789999999999",
        "1790000300000",
    )
    assert (asked["okx/funding"]["before"], asked["okx/funding"]["after"]) == (
        "1789999999999",
        "1790000300000",
    )
    assert asked["okx/open_interest"]["end"] == "1790000300000"


def _parsed(history: History, body: Any, symbol: str) -> list[tuple[int, dict[str, str]]]:
    return [(row.stamp_ms, dict(row.values)) for row in history.parse(body, symbol)]


def test_recorded_answers_are_read() -> None:
    """Bodies that the exchanges sent give their stamps and values."""
    found = recorded("binance/fundingRate_history_btc")
    rows = _parsed(ALL["binance_usdm/funding"], found, "BTCUSDT")
    assert len(rows) == len(found)
    assert rows[0] == (1_568_102_400_000, {"paid_funding_rate": "0.00010000"})
    found = recorded("binance/futures_data_openInterestHist__0")
    rows = _parsed(ALL["binance_usdm/open_interest"], found, found[0]["symbol"])
    assert rows[0][0] == found[0]["timestamp"]
    assert rows[0][1] == {"open_interest_base": found[0]["sumOpenInterest"]}
    found = recorded("bybit/http_get_funding_history")
    symbol = found["result"]["list"][0]["symbol"]
    rows = _parsed(ALL["bybit/funding"], found, symbol)
    assert rows[0][1] == {"paid_funding_rate": found["result"]["list"][0]["fundingRate"]}
    found = recorded("bybit/v5_market_open-interest__0")
    rows = _parsed(ALL["bybit/open_interest"], found, found["result"]["symbol"])
    single = float(found["result"]["list"][0]["singleOpenInterest"])
    assert float(rows[0][1]["open_interest_base"]) == single
    found = recorded("okx/http_get_funding_rate_history")
    rows = _parsed(ALL["okx/funding"], found, found["data"][0]["instId"])
    assert rows[0][1] == {"paid_funding_rate": found["data"][0]["realizedRate"]}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("0.10", "0.10"),
        (3, "3"),
        (1e-7, "1e-07"),
        (" 1.5\n", "1.5"),
        ("NaN", ""),
        ("1e999", ""),
        ("1,5", ""),
        (True, ""),
        (None, ""),
        ("\u0661", ""),
    ],
)
def test_a_value_is_text_of_one_number_or_none(raw: Any, text: str) -> None:
    """No text of an exchange breaks a line of what is kept."""
    assert text_of(raw) == text


HOSTILE: tuple[Any, ...] = (
    None,
    "text",
    3,
    {},
    {"code": -1121, "msg": "Invalid symbol."},
    {"retCode": 10001, "retMsg": "params error", "result": {}},
    {"retCode": 0, "result": {"list": None, "symbol": "S"}},
    {"retCode": 0, "result": {"list": [[]], "symbol": "S"}},
    {"code": "51001", "msg": "Instrument ID does not exist", "data": []},
    {"code": "0", "data": [["no stamp", "1", "1", "1", "1", "1", "1"]]},
    {"code": "0", "data": [[17, {}], None]},
    {"code": "0", "data": [{"instId": "OTHER", "fundingTime": "1790000000000"}]},
    {"result": {"data": [[1e30, 1, 1, 1, 1]]}},
    {"result": [{"timestamp": -5, "interest_8h": 1}]},
    {"error": {"code": 10009, "message": "no"}},
    [[1_790_000_000_000]],
    [{"symbol": "OTHER", "timestamp": 1_790_000_000_000}],
    [{"symbol": "S", "timestamp": "never", "fundingTime": []}],
)


@pytest.mark.parametrize("name", ALL)
def test_a_body_of_another_shape_is_refused_or_empty(name: str) -> None:
    """Whatever comes, there is no row of it and no other exception."""
    for body in HOSTILE:
        try:
            rows = ALL[name].parse(body, "S")
        except BadBodyError:
            continue
        assert not list(chain.from_iterable(row.values for row in rows))
