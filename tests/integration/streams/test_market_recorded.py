"""A streamed session recorded as it is delivered, and its factors computed again: equal bits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from adapters.catalog import FactorCatalog
from adapters.exf.registry.computed_file import read_specs
from adapters.streams.stream_venue import StreamKind
from adapters.streams.stream_venues import STREAM_VENUES
from backtests.inputs.computing.computed_inputs import find_inputs
from tests.support.computed.records import missing, records_of
from tests.support.exchange.local_exchange import local_exchange
from tests.support.exchange.streamed_factors import symbol_of
from tests.support.nodes.market_recording_node import run
from tests.support.nodes.processes import child

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)

VENUES: Final = ("bybit", "okx", "binance_usdm")
"""Those with quotes, a book, mark, index and funding."""
OWN: Final = (
    ("Mid", ""),
    ("LevelImbalance", "levels = 2"),
    ("OrderFlowImbalance", "window_s = 0.3"),
    ("QuoteRate", "window_s = 0.4"),
    ("TradeFlowImbalance", "events = 5"),
    ("VwapDistanceBps", "window_s = 0.4"),
    ("KylesLambda", "window_s = 0.5\nstep_s = 0.05"),
    ("RealisedVolatility", "window_s = 0.5\nsample_s = 0.05"),
    ("MarkIndexBasisBps", ""),
    ("Funding8h", 'alive = "mark"\ninterval_h = 8'),
)
SHARED: Final = (
    ("BasisZScore", "window_s = 0.5\nsample_s = 0.05"),
    ("LeadLagPremium", "lag_s = 0.2"),
    ("ConsensusMid", "max_age_s = 0.5"),
)
SINGLE: Final = (
    ("bybit", "LiquidationImbalance", 'window_s = 0.5\nalive = "quotes"'),
    ("binance_usdm", "LiquidatedNotional", 'window_s = 0.5\nside = "both"\nalive = "quotes"'),
    ("hyperliquid", "OpenInterestUsd", ""),
    ("hyperliquid", "OpenInterestChange", 'window_s = 0.3\nalive = "quotes"'),
    ("deribit", "VolatilityIndex", ""),
)
"""Factors of the custom types of single venues' clients."""
KINDS: Final = (
    StreamKind.QUOTE,
    StreamKind.TRADE,
    StreamKind.DELTAS,
    StreamKind.MARK,
    StreamKind.INDEX,
    StreamKind.FUNDING,
)
ROUNDS: Final = 120
NEXT_MS: Final = 4_000_000_000_000


def table(name: str, class_name: str, instruments: list[str], parameters: str) -> str:
    """Return a factor as TOML."""
    where = (
        f"instruments = {json.dumps(instruments)}"
        if len(instruments) > 1
        else f'instrument = "{instruments[0]}"'
    )
    return f"""\
[[computed]]
class = "{class_name}"
{where}
name = "{name}"
range = [-1e9, 1e9]
time_to_live_s = 0.6
unit = "-"
about = "A test's factor"
{parameters}
"""


def moves(venue: str, step: int) -> list[tuple[str, dict[str, Any]]]:
    """Return what a venue sends at once: some kinds twice, so that they come in one burst."""
    symbol, bid = symbol_of(venue, "BTC"), 60_000.0 + (step % 7) / 10
    stamped = {"symbol": symbol, "ts_ms": 0}
    if venue == "deribit":
        return [("volatility_index", {**stamped, "value": 30 + (step * 0.618) % 60})]

    def quote(offset: float, bid_size: float) -> tuple[str, dict[str, Any]]:
        prices = {"bid": bid + offset, "ask": bid + offset + 0.1}
        return "quote", {**stamped, **prices, "bid_size": bid_size, "ask_size": 1.0 + step % 5}

    side = "buy" if step % 2 else "sell"
    trade = {**stamped, "price": bid, "size": 0.1 + step % 4, "side": side}
    found = [quote(0.0, 1.0 + step % 3), ("trade", trade), quote(0.1, 2.0)]
    if venue == "hyperliquid":
        return [found[0], ("open_interest", {**stamped, "contracts": 1000.5 + step % 11})]
    if venue in {"bybit", "binance_usdm"} and step % 4 == 0:
        found.append(("liquidation", {**trade, "size": 0.25 + step % 3}))
    if step % 3 == 0:
        levels = [[59_999.9, 1.0 + step % 6]]
        found += [
            ("mark", {**stamped, "price": bid + 0.3}),
            ("delta", {**stamped, "bids": levels, "asks": []}),
            ("index", {**stamped, "price": bid - 0.2}),
            ("trade", {**trade, "size": 0.5}),
            ("funding", {**stamped, "rate": (step - 50) / 1e6, "next_ms": NEXT_MS}),
        ]
    return found


def test_what_several_venues_stream_is_computed_again_from_what_was_recorded(
    tmp_path: Path,
) -> None:
    """Every record of the producer, bit for bit, with a silence and bursts of all kinds."""
    every = (*VENUES, "hyperliquid", "deribit")
    instruments = {venue: str(STREAM_VENUES[venue].instrument_id("BTC")) for venue in every}
    instruments["deribit"] = "btc_usd"
    names = {instrument: venue for venue, instrument in instruments.items()}
    text = [
        table(f"{class_name.lower()}_{venue}", class_name, [instruments[venue]], parameters)
        for venue in VENUES
        for class_name, parameters in OWN
    ]
    both = [instruments["bybit"], instruments["okx"]]
    text += [table(name.lower(), name, both, parameters) for name, parameters in SHARED]
    text += [table(f"{c.lower()}_{v}", c, [instruments[v]], words) for v, c, words in SINGLE]
    factors = tmp_path / "factors.toml"
    factors.write_text("".join(text), encoding="utf-8")
    with (
        local_exchange() as exchange,
        child(run, exchange.url, names, factors, tmp_path) as producer,
    ):
        assert producer.line() == "running"
        for venue in VENUES:
            control = exchange.streams[venue]
            for kind in KINDS:
                if control.can_send(kind) is not None:
                    control.wait_for_subscription(kind)
            bids, asks = [(60_000.0, 1.0), (59_999.9, 2.0)], [(60_000.1, 1.0), (60_000.2, 3.0)]
            control.book(symbol_of(venue, "BTC"), bids, asks)
        for venue in ("bybit", "binance_usdm"):
            exchange.streams[venue].wait_for_subscription(StreamKind.LIQUIDATION)
        exchange.streams["hyperliquid"].wait_for_subscription(StreamKind.OPEN_INTEREST)
        exchange.streams["deribit"].wait_for_subscription(StreamKind.VOLATILITY_INDEX)
        for step in range(ROUNDS):
            for venue in every:
                exchange.streams[venue].order(*moves(venue, step))
            if step == ROUNDS // 2:
                # Longer than any input's life.
                assert producer.line() == "silent"
        report = json.loads(producer.ask("stop"))
    assert report["problem"] == ""
    assert report["dropped"] == {}
    assert report["lost"] == report["unwritten"] == report["waiting"] == 0
    assert report["recorded"] == report["rows"] > 10 * ROUNDS
    assert report["instruments"] == len(VENUES) + 1

    catalog = tmp_path / "catalog"
    live = [
        (at_ns, event_ns, bytes.fromhex(payload))
        for at_ns, event_ns, payload in json.loads((tmp_path / "live.json").read_text())
    ]
    found = find_inputs(catalog, read_specs(factors))
    assert found.left_out == ()
    assert found.is_delivered
    again = records_of(found.batches(found.first_ns, found.end_ns, lambda: 1_000))
    assert missing(live, again) == []
    assert len(live) > ROUNDS
    values = np.array([np.frombuffer(payload) for _, _, payload in live])
    never = np.isnan(values).all(axis=0)
    assert [spec.name for spec, is_never in zip(found.specs, never, strict=True) if is_never] == []
    assert FactorCatalog(catalog).verify() == []
