"""OKX's archives in a catalog: days of UTC+8, Chinese headers, contracts, settled funding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.backfill.backfilled import changes, folders, market, run
from tests.support.catalogs.venue_archives import (
    DAY,
    HOUR_MS,
    MINUTE_MS,
    OKX_CANDLES_HEADER,
    OKX_DAY,
    OKX_FUNDING_HEADER,
    OKX_OLD_FUNDING_HEADER,
    OKX_OLD_TRADES_HEADER,
    OKX_TRADES_HEADER,
    lines,
    okx_candle,
    write_zip,
)

if TYPE_CHECKING:
    from pathlib import Path

SWAP = "BTC-USDT-SWAP.OKX"
NAME = "BTC-USDT-SWAP-trades-2026-09-22.zip"
TRADES = [
    ["BTC-USDT-SWAP", 11, "buy", "64472.1", "0.02", OKX_DAY + 179],
    ["BTC-USDT-SWAP", 12, "sell", "64472.0", "8.0", OKX_DAY + 180],
]


def _seen(catalog: Path) -> list[tuple[int, str, str, str, str]]:
    return [
        (
            t.ts_event // 1_000_000 - OKX_DAY,
            t.trade_id.value,
            t.aggressor_side.name,
            str(t.price),
            str(t.size),
        )
        for t in market(catalog, "trades", SWAP)
    ]


@pytest.mark.parametrize("form", ["now", "with source", "old", "oldest"])
def test_trades_of_every_form(tmp_path: Path, form: str) -> None:
    """The header of now, with a column more, in Chinese (GBK), and none at all."""
    old = [[i, side, size, price, ms] for _, i, side, price, size, ms in TRADES]
    text = {
        "now": lines(OKX_TRADES_HEADER, TRADES),
        "with source": lines(f"{OKX_TRADES_HEADER},source", [[*row, 0] for row in TRADES]),
        "old": lines(OKX_OLD_TRADES_HEADER, old),
        "oldest": lines("", old),
    }[form]
    write_zip(tmp_path / "in" / NAME, text, "gbk")
    assert run(tmp_path / "in", tmp_path / "catalog") == 0
    assert _seen(tmp_path / "catalog") == [
        (179, "11", "BUY", "64472.1", "0.02"),
        (180, "12", "SELL", "64472.0", "8.00"),
    ]


def test_what_states_no_instrument_is_refused(tmp_path: Path) -> None:
    """Old rows have no instrument: without OKX's name the file is named and left out."""
    old = [[i, side, size, price, ms] for _, i, side, price, size, ms in TRADES]
    write_zip(tmp_path / "in/trades.zip", lines(OKX_OLD_TRADES_HEADER, old), "gbk")
    assert run(tmp_path / "in", tmp_path / "catalog") == 1
    assert not folders(tmp_path / "catalog", "trades")


def test_candles_are_bars_stamped_with_their_end(tmp_path: Path) -> None:
    """Out of order, repeated, ``confirm`` 0: each minute is one bar, its volume contracts."""
    rows = [okx_candle(OKX_DAY + i * MINUTE_MS, 100 + i) for i in (1, 0, 1, 2)]
    name = "in/BTC-USDT-SWAP-candlesticks-2026-09-22.zip"
    write_zip(tmp_path / name, lines(OKX_CANDLES_HEADER, rows))
    assert run(tmp_path / "in", tmp_path / "catalog") == 0
    (folder,) = folders(tmp_path / "catalog", "bars")
    assert folder == f"{SWAP}-1-MINUTE-LAST-EXTERNAL"
    bars = market(tmp_path / "catalog", "bars", folder)
    assert [b.ts_event // 1_000_000 for b in bars] == [
        OKX_DAY + (i + 1) * MINUTE_MS for i in range(3)
    ]
    assert [str(b.open) for b in bars] == ["100", "101", "102"]
    assert {str(b.volume) for b in bars} == {"200"}


def test_no_definition_is_guessed_of_contracts(tmp_path: Path) -> None:
    """The size of a contract is not in the files, so that no instrument is made up."""
    write_zip(tmp_path / "in" / NAME, lines(OKX_TRADES_HEADER, TRADES))
    catalog = tmp_path / "catalog"
    assert run(tmp_path / "in", catalog) == 0
    assert not folders(catalog, "crypto_perpetual")
    given = tmp_path / "instruments.toml"
    given.write_text(
        f'[[instruments]]\nid = "{SWAP}"\nkind = "perpetual"\nbase = "BTC"\nquote = "USDT"\n'
        'price_increment = "0.1"\nsize_increment = "0.01"\nmultiplier = "0.01"\n'
    )
    other = tmp_path / "other"
    assert run(tmp_path / "in", other, "--instruments", str(given)) == 0
    from nautilus_trader.persistence import ParquetDataCatalog

    (instrument,) = ParquetDataCatalog(str(other)).instruments()
    assert str(instrument.multiplier) == "0.01"


def test_funding_with_the_jitter_of_its_stamps(tmp_path: Path) -> None:
    """Stamps seconds late: Nautilus's funding is at the hour, the factor is seen when it was."""
    late_ms = (1_000, 4_000, 0)
    times = [OKX_DAY + i * 8 * HOUR_MS for i in range(3)]
    rates = ["0.0002955843024083", "-0.0001", "0.0003"]
    rows = [
        ["BTC-USDT-SWAP", rate, ms + late]
        for rate, ms, late in zip(rates, times, late_ms, strict=True)
    ]
    name = "in/BTC-USDT-SWAP-fundingrates-2026-09.zip"
    write_zip(tmp_path / name, lines(OKX_FUNDING_HEADER, rows))
    catalog = tmp_path / "catalog"
    assert run(tmp_path / "in", catalog) == 0
    updates = market(catalog, "funding_rates", SWAP)
    assert [(u.ts_event // 1_000_000, str(u.rate), u.interval) for u in updates] == [
        (ms, rate, 480) for ms, rate in zip(times, rates, strict=True)
    ]
    assert [u.ts_init for u in updates] == [u.ts_event for u in updates]
    seen = changes(catalog, "funding_btc_okx_8h")
    period_ms = 1_000
    assert [k.at_ms for k in seen[:3]] == [
        ms + late + period_ms for ms, late in zip(times, late_ms, strict=True)
    ]


@pytest.mark.parametrize("has_header", [True, False])
def test_old_funding_has_the_rate_that_was_paid(tmp_path: Path, *, has_header: bool) -> None:
    """Of the older files the real rate is taken, not the forecast beside it."""
    rows = [
        ["SWAP", "0.9", "0.0004659", DAY],
        ["SWAP", "0.9", "-0.0008055", DAY + 8 * HOUR_MS],
        ["SWAP", "0.9", "", DAY + 16 * HOUR_MS],
    ]
    text = lines(OKX_OLD_FUNDING_HEADER if has_header else "", rows)
    write_zip(tmp_path / "in/BTC-USDT-SWAP-swaprate-2023-01-15.zip", text, "gbk")
    catalog = tmp_path / "catalog"
    assert run(tmp_path / "in", catalog) == 0
    assert [str(u.rate) for u in market(catalog, "funding_rates", SWAP)] == [
        "0.0004659",
        "-0.0008055",
    ]


def test_the_engine_books_what_was_settled(tmp_path: Path) -> None:
    """A perpetual held over the settlements of an archive pays them, although they came late."""
    from tests.integration.backfill.funding_engine import paid

    times = [DAY + 8 * HOUR_MS, DAY + 16 * HOUR_MS]
    rows = [["BTC-USDT-SWAP", "0.001", ms + 2_500] for ms in times]
    name = "in/BTC-USDT-SWAP-fundingrates-2026-09.zip"
    write_zip(tmp_path / name, lines(OKX_FUNDING_HEADER, rows))
    catalog = tmp_path / "catalog"
    assert run(tmp_path / "in", catalog) == 0
    updates = market(catalog, "funding_rates", SWAP)
    assert paid(updates, start_ms=DAY) == "0.20000000"
