"""Reading the past from a real server: pages, refusals, pauses, answers that are cut."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pytest

from adapters.exchanges import known_venues
from adapters.exchanges.venues.histories import known_histories
from adapters.exf.polling.histories.history_reader import HistoryError, HistoryReader
from adapters.exf.polling.http_client import Fetcher
from adapters.exf.polling.venue_host import BURST_S, USED_SHARE, VenueHost
from tests.support.eventually import eventually_async
from tests.support.exchange.bodies.histories import (
    FUNDING_MS,
    JITTER_MS,
    LISTED_MS,
    MINUTE_MS,
    PERIOD_MS,
    all_stamps,
    value_at,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.exchanges.venues.histories.history import History, HistoryRow
    from adapters.exf.polling.histories.history_reader import HistoryCounts
    from tests.support.exchange.local_exchange import LocalExchange

DAY_MS: Final = 86_400_000
START_MS: Final = LISTED_MS + DAY_MS
RETRY_S: Final = 0.01


def rows_of(
    exchange: LocalExchange,
    name: str,
    end_ms: int,
    symbol: str = "BTCUSDT",
    *,
    start_ms: int = START_MS,
    limit: float | None = None,
    **options: Any,
) -> tuple[list[HistoryRow], HistoryCounts]:
    """Read a span of a history and return its rows, in the order of their stamps."""
    venue = name.partition("/")[0]
    found: list[HistoryRow] = []

    async def scenario() -> HistoryCounts:
        async with Fetcher() as fetcher:
            host = VenueHost(venue, exchange.url, limit, time.monotonic)
            reader = HistoryReader(fetcher, host, first_retry_s=RETRY_S, **options)
            return await reader.read(
                described(name), symbol, start_ms, end_ms, lambda rows, done_ms: found.extend(rows)
            )

    counts = asyncio.run(scenario())
    return sorted(found, key=lambda row: row.stamp_ms), counts


def described(name: str) -> History:
    """Return a history by its venue and name."""
    venue, _, history = name.partition("/")
    return known_histories()[venue].histories[history]


def open_interest(start_ms: int, end_ms: int) -> list[tuple[int, str]]:
    """Return what Binance's open interest is at each of its stamps."""
    return [(at, value_at(at, 80_000)) for at in all_stamps(start_ms, end_ms, PERIOD_MS)]


def told(rows: list[HistoryRow], field: str) -> list[tuple[int, str]]:
    """Return the stamps of rows with one of their values."""
    return [(row.stamp_ms, row.values[field]) for row in rows]


@pytest.fixture(autouse=True)
def _no_faults(exchange: LocalExchange) -> None:
    exchange.control(faults={})


PAGED: Final[dict[str, tuple[str, int, Callable[[int], str]]]] = {
    "binance_usdm/open_interest": (
        "open_interest_base",
        PERIOD_MS,
        lambda at: value_at(at, 80_000),
    ),
    "binance_usdm/mark_price": ("mark_price", MINUTE_MS, lambda at: value_at(at, 60_000)),
    "bybit/open_interest": (
        "open_interest_base",
        PERIOD_MS,
        lambda at: str(float(value_at(at, 50_000)) / 2),
    ),
    "bybit/bars": ("close", MINUTE_MS, lambda at: value_at(at, 60_000)),
    "okx/open_interest": ("open_interest_usd", PERIOD_MS, lambda at: value_at(at, 2e9)),
    "okx/index_price": ("index_price", MINUTE_MS, lambda at: value_at(at, 59_000)),
    "okx/taker_volume": ("taker_buy_sell", PERIOD_MS, lambda at: str(float(value_at(at, 2)) / 2)),
    "deribit/volatility_index": (
        "volatility_index",
        MINUTE_MS,
        lambda at: str(float(value_at(at, 40))),
    ),
}


@pytest.mark.parametrize("name", PAGED)
def test_every_row_of_a_span_comes_once(exchange: LocalExchange, name: str) -> None:
    """Several pages, oldest or newest first, give each stamp with its value."""
    field, every_ms, value = PAGED[name]
    end_ms = START_MS + 1_050 * every_ms
    rows, counts = rows_of(exchange, name, end_ms)
    expected = [(at, value(at)) for at in range(START_MS, end_ms, every_ms)]
    assert told(rows, field) == expected
    assert counts.repeated == counts.retries == 0
    assert counts.outside <= counts.requests
    assert counts.requests == -(-1_050 // described(name).page_rows)


@pytest.mark.parametrize("name", ["binance_usdm/funding", "bybit/funding", "okx/funding"])
def test_settled_funding_comes_whole(exchange: LocalExchange, name: str) -> None:
    """Funding is rarer than its pages allow for, and none is left out."""
    end_ms = START_MS + 20 * DAY_MS
    rows, _ = rows_of(exchange, name, end_ms)
    late = JITTER_MS if name.startswith("binance") else 0
    assert told(rows, "paid_funding_rate") == [
        (at + late, value_at(at, 0.0001)) for at in range(START_MS, end_ms, FUNDING_MS)
    ]


@pytest.mark.parametrize("mode", ["rows_shuffled", "rows_twice", "rows_first"])
@pytest.mark.parametrize("name", ["binance_usdm/open_interest", "okx/open_interest"])
def test_rows_in_any_order_repeated_or_too_few(
    exchange: LocalExchange, name: str, mode: str
) -> None:
    """Whatever an exchange makes of its pages, every row comes once."""
    path = described(name).path
    exchange.control(faults={path: {"mode": mode, "value": 7}})
    field, every_ms, value = PAGED[name]
    end_ms = START_MS + 130 * every_ms
    rows, counts = rows_of(exchange, name, end_ms)
    assert told(rows, field) == [(at, value(at)) for at in range(START_MS, end_ms, every_ms)]
    assert (counts.repeated > 0) == (mode == "rows_twice")


def test_before_the_first_row_there_are_empty_pages(exchange: LocalExchange) -> None:
    """Windows before an instrument's listing are empty, and the rows after it come whole."""
    start_ms, end_ms = LISTED_MS - 2_000 * PERIOD_MS, LISTED_MS + 10 * PERIOD_MS
    rows, counts = rows_of(exchange, "binance_usdm/open_interest", end_ms, start_ms=start_ms)
    assert told(rows, "open_interest_base") == open_interest(LISTED_MS, end_ms)
    assert counts.empty >= 4


def test_an_exchange_without_rows_gives_none(exchange: LocalExchange) -> None:
    """An exchange that has nothing is asked once a window."""
    exchange.control(faults={"/futures/data": {"mode": "rows_none"}})
    rows, counts = rows_of(exchange, "binance_usdm/open_interest", START_MS + 1_000 * PERIOD_MS)
    assert not rows
    assert counts.requests == counts.empty == 2


@pytest.mark.parametrize("mode", ["429", "418"])
def test_a_demanded_pause_is_kept(exchange: LocalExchange, mode: str) -> None:
    """After a refusal nothing is asked for as long as the exchange demands; then all comes."""
    exchange.control(faults={"/futures/data": {"mode": mode, "value": 1, "times": 1}})
    began_s = time.monotonic()
    end_ms = START_MS + 600 * PERIOD_MS
    rows, counts = rows_of(exchange, "binance_usdm/open_interest", end_ms)
    assert told(rows, "open_interest_base") == open_interest(START_MS, end_ms)
    assert counts.retries == 1
    asked = [at_s for at_s, path in exchange.requests() if at_s >= began_s]
    assert max(b - a for a, b in pairwise(asked)) >= 1


def test_too_long_a_pause_ends_it(exchange: LocalExchange) -> None:
    """A ban of hours is not waited for: the error states it, and the rows until then are kept."""
    exchange.control(faults={"/futures/data": {"mode": "418", "value": 7_200}})
    with pytest.raises(HistoryError, match=r"pause of 7,[12]\d\d s"):
        rows_of(exchange, "binance_usdm/open_interest", START_MS + PERIOD_MS)


@pytest.mark.parametrize(
    "fault",
    [
        {"mode": "truncated"},
        {"mode": "reset"},
        {"mode": "html"},
        {"mode": "empty"},
        {"mode": "status", "value": 503},
    ],
    ids=lambda fault: str(fault["mode"]),
)
def test_an_answer_that_is_cut_is_asked_for_again(
    exchange: LocalExchange, fault: dict[str, Any]
) -> None:
    """A failure that passes costs a repetition and no row."""
    exchange.control(faults={"/v5/market/kline": {**fault, "times": 2}})
    end_ms = START_MS + 100 * MINUTE_MS
    rows, counts = rows_of(exchange, "bybit/bars", end_ms)
    assert told(rows, "close") == [
        (at, value_at(at, 60_000)) for at in range(START_MS, end_ms, MINUTE_MS)
    ]
    assert counts.retries == 2
    assert counts.requests == 3


def test_what_does_not_pass_ends_it(exchange: LocalExchange) -> None:
    """The number of repetitions has a bound, and an error that cannot pass has none of them."""
    exchange.control(faults={"/v5/market/kline": {"mode": "truncated"}})
    with pytest.raises(HistoryError, match="6 requests"):
        rows_of(exchange, "bybit/bars", START_MS + MINUTE_MS)
    exchange.control(faults={"/v5/market/kline": {"mode": "status", "value": 403}})
    with pytest.raises(HistoryError, match="403"):
        rows_of(exchange, "bybit/bars", START_MS + MINUTE_MS)
    exchange.control(
        faults={
            "/v5/market/kline": {"mode": "body", "value": {"retCode": 10001, "retMsg": "no such"}}
        }
    )
    with pytest.raises(HistoryError, match="no such"):
        rows_of(exchange, "bybit/bars", START_MS + MINUTE_MS)


def test_the_limit_of_the_venue_is_kept(exchange: LocalExchange) -> None:
    """No request is sent before four fifths of the exchange's limit, with a burst, allow it."""
    weight, per_s, pages = described("okx/open_interest").weight, 2.0, 24
    began_s = time.monotonic()
    limit = weight * per_s * 60 / USED_SHARE
    rows_of(
        exchange,
        "okx/open_interest",
        START_MS + pages * described("okx/open_interest").page_rows * PERIOD_MS,
        limit=limit,
    )
    asked = sorted(at_s for at_s, path in exchange.requests() if at_s >= began_s)
    assert len(asked) == pages
    for sent, at_s in enumerate(asked, 1):
        assert sent <= per_s * BURST_S + per_s * (at_s - began_s) + 1


def test_it_can_be_cancelled(exchange: LocalExchange) -> None:
    """A cancelled reading ends at once, also in the middle of a pause."""

    async def scenario() -> None:
        exchange.control(faults={"/futures/data": {"mode": "429", "value": 300}})
        async with Fetcher() as fetcher:
            host = VenueHost("binance_usdm", exchange.url, None, time.monotonic)
            history = known_histories()["binance_usdm"].histories["open_interest"]
            reading = asyncio.create_task(
                HistoryReader(fetcher, host).read(
                    history, "BTCUSDT", START_MS, START_MS + PERIOD_MS, lambda rows, done_ms: None
                )
            )
            await eventually_async(lambda: host.pause_left_s > 0, "the refusal")
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading

    asyncio.run(scenario())


def test_the_venues_are_known() -> None:
    """Every venue with histories is one that is polled."""
    assert set(known_histories()) <= set(known_venues())
