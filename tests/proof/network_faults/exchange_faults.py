"""G01 to G06: answers with which an exchange can fail, one venue's beside the others'."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.proof.network_faults.observing import suffer
from tests.proof.network_faults.outcomes import NEVER, Outcome
from tests.support.exchange.exf import running_service
from tests.support.exchange.registries import packaged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.proof.figures import Form
    from tests.support.exchange.exf import RunningService
    from tests.support.exchange.local_exchange import LocalExchange

REPORT_S: Final = 0.02
SURE_LOOKS: Final = 20
"""So many in a row: the report may be older than the value beside it."""
SLACK_S: Final = 0.3
"""What a loaded machine may take to publish that a value is too old."""
SHORT_S: Final = 1.0
LONG_S: Final = 3.0
SKEW_S: Final = 10
PATIENCE_S: Final = 30.0
PAUSE_S: Final = 2


class Lane(NamedTuple):
    """One venue's source, to which one fault after another happens."""

    source: str
    path: str
    factor: str
    time_to_live_s: float = 1.5


_COINBASE: Final = "/api/v3/brokerage/market/products/BTC-USD/ticker"
LANES: Final = (
    Lane("binance_usdm/book_ticker/BTCUSDT", "/fapi/v1/ticker/bookTicker", "mid_btc_binance"),
    Lane("bybit/ticker/BTCUSDT", "/v5/market/tickers", "mark_btc_bybit"),
    Lane("okx/ticker/BTC-USDT-SWAP", "/api/v5/market/ticker", "mid_btc_okx"),
    Lane("deribit/order_book/BTC-PERPETUAL", "/api/v2/public/get_order_book", "mark_btc_deribit"),
    Lane("coinbase/ticker/BTC-USD", _COINBASE, "mid_btc_coinbase"),
    Lane("binance_spot/book_ticker/BTCUSDT", "/api/v3/ticker/bookTicker", "mid_btc_spot_binance"),
)
DEMANDED: Final = f"the exchange demands {PAUSE_S} s"
FAULTS: Final[tuple[tuple[str, str, Any, str], ...]] = (
    ("G01 429, Retry-After", "429", PAUSE_S, DEMANDED),
    ("G01 429", "429", None, ""),
    ("G01 418, Retry-After", "418", PAUSE_S, DEMANDED),
    ("G02 500", "status", 500, ""),
    ("G02 502", "status", 502, ""),
    ("G02 503", "status", 503, ""),
    ("G02 403", "status", 403, ""),
    ("G02 no answer", "hang", None, ""),
    ("G02 slow headers", "slow_headers", 3.0, ""),
    ("G02 slow body", "slow_body", 3.0, ""),
    ("G02 0.6 s late", "late", 0.6, ""),
    ("G02 reset in the body", "reset", None, ""),
    ("G02 HTML", "html", None, ""),
    ("G02 half a JSON", "truncated", None, ""),
    ("G02 depth 100,000", "deep", None, ""),
    ("G02 invalid UTF-8", "invalid_utf8", None, ""),
    ("G02 empty", "empty", None, ""),
    ("G02 100 MB", "huge", None, ""),
    ("G02 100 MB announced", "announced_huge", None, ""),
    ("G02 gzip bomb", "gzip_bomb", None, ""),
    ("G02 other host", "redirect", "http://127.0.0.1:9/elsewhere", ""),
    ("G03 an hour old", "old", 3600.0, ""),
    ("G03 in the future", "future", 30.0, ""),
    ("G04 NaN", "bare_nan", None, ""),
    ("G04 NaN as text", "nan_strings", None, ""),
    ("G04 empty texts", "empty_strings", None, ""),
    ("G04 nulls", "nulls", None, ""),
    ("G04 zeros", "zeros", None, ""),
    ("G04 wrong types", "wrong_types", None, ""),
    ("G04 an error under 200", "body", {"code": -1000, "msg": "An unknown error"}, ""),
)
UNSTAMPED: Final = frozenset({"binance_spot", "coinbase"})
"""Venues whose answers have no time: G03 cannot happen to them."""


class Reports:
    """What ``status`` shows, not made anew at every look of every side."""

    def __init__(self, running: RunningService) -> None:
        self._running: Final = running
        self._sources: dict[str, dict[str, Any]] = {}
        self._made_s = 0.0

    def source(self, key: str) -> dict[str, Any]:
        """Return what it shows of a source."""
        if time.monotonic() - self._made_s > REPORT_S:
            self._sources = {s["source"]: s for s in self._running.service.report()["sources"]}
            self._made_s = time.monotonic()
        return self._sources[key]


class PollSide:
    """A source of the service, and a factor of it."""

    def __init__(self, lane: Lane, running: RunningService, reports: Reports) -> None:
        self.name: Final = "service"
        self.stale = 0
        self._lane: Final = lane
        self._running: Final = running
        self._reports: Final = reports
        self._before = 0
        self._looks_too_old = 0

    @property
    def report(self) -> dict[str, Any]:
        """What ``status`` shows of it."""
        return self._reports.source(self._lane.source)

    def _failures(self) -> int:
        report = self.report
        counts = (*report["errors"].values(), *report["refused_values"].values())
        # Another source of the host may have been refused first: then all of them pause.
        return int(sum(counts)) + int(report["skipped"].get("pause", 0))

    def remember(self) -> None:
        """Count from here."""
        self._before = self._failures()

    def look(self) -> None:
        """Check that no value is published longer than it lives."""
        age_s = time.time() - self.report["last_success_unix_s"]
        limit_s = self._lane.time_to_live_s + SLACK_S
        is_too_old = age_s > limit_s and not math.isnan(self._value())
        self._looks_too_old = self._looks_too_old + 1 if is_too_old else 0
        self.stale += self._looks_too_old == SURE_LOOKS

    def _value(self) -> float:
        return self._running.value(self._lane.factor)

    def has_noticed(self) -> bool:
        """Return whether the source's counters tell of a failure."""
        return self._failures() > self._before

    def has_since(self, unix_s: float) -> bool:
        """Return whether its factor has a value again, by an answer after an instant."""
        return not math.isnan(self._value()) and self.report["last_success_unix_s"] > unix_s

    def unaccounted(self) -> int:
        """Return how many polls have no outcome, beyond one that is under way."""
        r = self.report
        return max(0, abs(int(r["polls"] - r["answers"] - sum(r["errors"].values()))) - 1)


class Faults:
    """The faults of all lanes, which the exchange takes together."""

    def __init__(self, exchange: LocalExchange) -> None:
        self._exchange: Final = exchange
        self._now: dict[str, dict[str, Any]] = {}

    def set(self, path: str, fault: Mapping[str, Any]) -> None:
        """Have requests to a path fail so; an empty fault ends it."""
        self._now.pop(path, None)
        if fault:
            self._now[path] = dict(fault)
        self._exchange.control(faults=self._now)


async def exchange_faults(exchange: LocalExchange, form: Form) -> list[Outcome]:
    """Let the service meet every wrong answer, on six venues side by side."""
    registry = packaged().only_venues([lane.source.split("/")[0] for lane in LANES])
    exchange.control(faults={})
    faults = Faults(exchange)
    outcomes: list[Outcome] = []
    async with running_service(registry, exchange.url) as running:
        reports = Reports(running)
        for turn in range(form.count(1, 5)):
            cases = [
                [f for i, f in enumerate(FAULTS) if form.is_long or (i + turn) % len(LANES) == at]
                for at in range(len(LANES))
            ]
            lanes = await asyncio.gather(
                *(
                    _lane(PollSide(lane, running, reports), lane, of_lane, faults, form)
                    for lane, of_lane in zip(LANES, cases, strict=True)
                )
            )
            outcomes += [o for lane in lanes for o in lane]
            form.progress("G01 to G04")
        outcomes += await _clock_set(exchange, running, reports)
    outcomes += await _clock_off(exchange)
    form.progress("G06")
    return outcomes


async def _lane(
    side: PollSide, lane: Lane, cases: list[Any], faults: Faults, form: Form
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    venue = lane.source.split("/", maxsplit=1)[0]
    for name, mode, value, by_design in cases:
        if name.startswith("G03") and venue in UNSTAMPED:
            continue

        def begin(mode: str = mode, value: Any = value) -> None:
            side.remember()
            faults.set(lane.path, {"mode": mode, "value": value})

        outcomes += await suffer(
            name, [side], begin, lambda: faults.set(lane.path, {}),
            LONG_S if form.is_long else SHORT_S, by_design=by_design,
        )  # fmt: skip
    outcomes.append(
        Outcome(fault="G01 to G04 counted", side=side.name, uncounted=side.unaccounted())
    )
    return outcomes


async def _clock_set(
    exchange: LocalExchange, running: RunningService, reports: Reports
) -> list[Outcome]:
    """Set the exchange's clock: told as wrong stamps; learned anew while it stays so."""
    outcomes: list[Outcome] = []
    side = PollSide(LANES[0], running, reports)
    for offset_s in (SKEW_S, 0):

        def begin(offset_s: int = offset_s) -> None:
            side.remember()
            exchange.control(clock_offset_ms=offset_s * 1000)

        to = f"{SKEW_S} s on" if offset_s else "back"
        outcomes += await suffer(f"G06 clock set {to}", [side], begin, lambda: None, 0.0)
        shown_ms = running.host("binance_usdm")["skew_ms"]
        if abs(shown_ms - offset_s * 1000) > 1000:
            outcomes.append(Outcome(fault="G06 skew shown", side=side.name, stale=1))
    return outcomes


async def _clock_off(exchange: LocalExchange) -> list[Outcome]:
    """Start with an exchange whose clock is off: it is told, and no answer is refused for it."""
    outcomes: list[Outcome] = []
    registry = packaged().only_venues(["binance_usdm"])
    for offset_s in (SKEW_S, -SKEW_S):
        exchange.control(clock_offset_ms=offset_s * 1000)
        begin_s, noticed_s = time.monotonic(), NEVER
        async with running_service(registry, exchange.url) as running:
            while noticed_s == NEVER and time.monotonic() - begin_s < PATIENCE_S:
                shown_ms = running.host("binance_usdm")["skew_ms"]
                if shown_ms is not None and abs(shown_ms - offset_s * 1000) < 1000:
                    noticed_s = time.monotonic() - begin_s
                await asyncio.sleep(REPORT_S)
            await running.until_alive(LANES[0].factor)
            source = running.source(LANES[0].source)
        refused = source["errors"].get("bad_body", 0)
        outcomes.append(
            Outcome(
                fault=f"G06 clock {offset_s:+d} s off",
                side="service",
                noticed_s=noticed_s,
                uncounted=refused + len(source["refused_values"]),
            )
        )
    exchange.control(clock_offset_ms=0)
    return outcomes
