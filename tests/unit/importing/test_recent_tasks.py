"""What is asked of the endpoints, by what the catalog has."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from adapters.command.durations import NEVER_NS
from backtests.importing.backfilling.factors.live_names import LiveNames
from backtests.importing.backfilling.factors.stored_factors import StoredFactors
from backtests.importing.backfilling.recent.recent_tasks import (
    Newest,
    Target,
    recent_tasks,
    targets_in,
    targets_of,
)
from backtests.importing.content.publication import Publication
from dolphin_strategies.errors import ConfigError

MS: Final = 1_000_000
MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
NOW_MS: Final = 1_790_000_123_456
BTC: Final = Target("bybit", "BTC")


def factor(name: str, last_ms: int, ends_ms: int | None = None) -> Publication:
    """Return a factor with one value, which ends or does not."""
    return Publication(
        factor=name,
        known=np.array([last_ms * MS]),
        expires=np.array([NEVER_NS if ends_ms is None else ends_ms * MS]),
        values=np.array([1.0]),
        every=None,
    )


def newest(
    *factors: Publication,
    archives_ms: int = 0,
    spans: dict[str, tuple[int, int]] | None = None,
) -> Newest:
    """Return what a catalog has."""
    found = {p.factor: p for p in factors}
    last = max((int(p.known[-1]) for p in factors), default=0)
    return Newest(
        stored=StoredFactors(found, np.array([last])),
        spans=lambda folder: [(spans or {})[folder]] if folder in (spans or {}) else [],
        archives_ns={BTC: archives_ms * MS} if archives_ms else {},
    )


def starts(there: Newest, days: int = 30, target: Target = BTC) -> dict[str, int]:
    """Return from when on each history is asked for, UNIX milliseconds."""
    tasks = recent_tasks([target], LiveNames(), there, NOW_MS, days)
    return {task.name: task.start_ms for task in tasks}


def test_without_anything_it_begins_as_far_back_as_is_allowed() -> None:
    """An asset without archives is asked for from so many days ago, no bars among it."""
    found = starts(newest(), days=7)
    assert set(found) == {
        "open_interest",
        "long_short_accounts",
        "mark_price",
        "index_price",
        "funding",
    }
    assert all(0 <= NOW_MS - 7 * DAY_MS - at < 3_600_000 for at in found.values())


def test_it_goes_on_a_little_before_the_newest_value() -> None:
    """What is asked for overlaps what is there, so that no row can be missing between them."""
    last = NOW_MS - 2 * DAY_MS
    found = starts(newest(factor("mark_btc_bybit", last)))
    assert last - 6 * MINUTE_MS < found["mark_price"] <= last - MINUTE_MS
    ended = starts(newest(factor("mark_btc_bybit", last, last + MINUTE_MS)))
    assert ended["mark_price"] - found["mark_price"] in {0, MINUTE_MS}


def test_a_factor_without_values_goes_on_after_the_archives() -> None:
    """Where only other data of the asset is there, its archives' end is the beginning."""
    last = NOW_MS - 3 * DAY_MS
    found = starts(newest(archives_ms=last))
    assert all(last - DAY_MS - 3_600_000 <= at <= last for at in found.values())


def test_bars_are_continued_where_there_are_some() -> None:
    """Market data is asked for after its own newest row."""
    last = NOW_MS - DAY_MS
    folder = "bars/BTCUSDT-LINEAR.BYBIT-1-MINUTE-LAST-EXTERNAL"
    found = starts(newest(spans={folder: (0, last * MS)}))
    assert last - 6 * MINUTE_MS < found["bars"] <= last - MINUTE_MS


def test_what_lies_before_the_reach_is_named() -> None:
    """A gap that the exchange does not tell of is a remark of the task."""
    there = newest(factor("long_short_btc_bybit", NOW_MS - 40 * DAY_MS))
    tasks = recent_tasks([BTC], LiveNames(), there, NOW_MS, 30)
    holes = {task.name: task.hole for task in tasks}
    assert "30 days" in holes["long_short_accounts"]
    assert not holes["mark_price"]


def test_nothing_new_is_nothing_to_ask() -> None:
    """A history whose rows are all there, or whose span is empty, is left out."""
    there = newest(factor("dvol_btc", NOW_MS + DAY_MS))
    assert "volatility_index" not in starts(there, target=Target("deribit", "BTC"))


def test_assets_of_archives() -> None:
    """Symbols of perpetuals and assets themselves; nothing of others or of other venues."""
    origins = [
        ("bybit", "BTCUSDT"),
        ("bybit", "BTCUSD"),
        ("okx", "BTC-USDT-SWAP"),
        ("okx", "BTC-USDT"),
        ("deribit", "ETH"),
        ("deribit", "BTC-PERPETUAL"),
        ("binance_spot", "BTCUSDT"),
        ("binance_usdm", "ETHUSDT"),
        ("binance_usdm", "BTCUSDT_261225"),
    ]
    assert targets_of(origins, LiveNames()) == [
        Target("bybit", "BTC"),
        Target("okx", "BTC"),
        Target("deribit", "ETH"),
        Target("deribit", "BTC"),
        Target("binance_usdm", "ETH"),
    ]


def test_assets_of_the_command_line() -> None:
    """Each once; a venue that tells nothing is refused with the nearest."""
    assert targets_in(["okx/BTC", "deribit/ETH", "okx/BTC"]) == [
        Target("okx", "BTC"),
        Target("deribit", "ETH"),
    ]
    with pytest.raises(ConfigError, match="did you mean 'bybit'"):
        targets_in(["bybti/BTC"])
