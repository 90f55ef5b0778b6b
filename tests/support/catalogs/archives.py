"""Small archive files with invented values in the shapes of data.binance.vision."""

from __future__ import annotations

import hashlib
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING, Final

from backtests.backfill import main
from tests.support.catalogs.imports import Done

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

DAY: Final = date(2024, 1, 1)
S: Final = 1_000_000_000
MINUTE: Final = 60 * S
AGGREGATED: Final = (
    "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
)
METRICS: Final = (
    "create_time,symbol,sum_open_interest,sum_open_interest_value,"
    "count_toptrader_long_short_ratio,sum_toptrader_long_short_ratio,count_long_short_ratio,"
    "sum_taker_long_short_vol_ratio"
)
KLINES: Final = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    "taker_buy_quote_volume,ignore"
)
FUNDING: Final = "calc_time,funding_interval_hours,last_funding_rate"
QUOTES: Final = (
    "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time"
)
USDM: Final = "futures/um/daily"


def run_backfill(*arguments: object) -> Done:
    """Backfill inside this process."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def start_ns(day: date) -> int:
    """Return the beginning of a day, UNIX nanoseconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * S


def start_ms(day: date) -> int:
    """Return the beginning of a day, UNIX milliseconds."""
    return start_ns(day) // 1_000_000


def zipped(path: Path, lines: Iterable[str], header: str = "", *, checksum: bool = False) -> Path:
    """Write lines as the member of a zip of the same name; return the zip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{line}\n" for line in ([header] if header else []))
    text += "".join(f"{line}\n" for line in lines)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{path.stem}.csv", text)
    if checksum:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        path.with_name(f"{path.name}.CHECKSUM").write_text(f"{digest}  {path.name}\n")
    return path


def trade_lines(day: date, ids: Sequence[int], every_ms: int = 1_000) -> list[str]:
    """Return aggregated trades of a day: prices of one decimal, sizes of three."""
    return [
        f"{i},{42_000 + n % 50 / 10:.1f},{0.001 * (1 + n % 9):.3f},{i},{i},"
        f"{start_ms(day) + n * every_ms},{'true' if n % 2 else 'false'}"
        for n, i in enumerate(ids)
    ]


def trades(folder: Path, day: date, ids: Sequence[int]) -> Path:
    """Write a day's aggregated trades of BTCUSDT, USD-M."""
    name = f"{USDM}/aggTrades/BTCUSDT/BTCUSDT-aggTrades-{day}.zip"
    return zipped(folder / name, trade_lines(day, ids), AGGREGATED)


def metrics_line(at: datetime, interest: float, taker: float = 0.9) -> str:
    """Return a row of metrics with this label."""
    return f"{at:%Y-%m-%d %H:%M:%S},BTCUSDT,{interest},{interest * 40_000},1.5,1.6,2.0,{taker}"


def metrics(folder: Path, day: date, *, is_start: bool = False, first: float = 1_000.0) -> Path:
    """Write a day's metrics of BTCUSDT, labelled with the ends of the five minutes or the starts.

    The open interest rises by 1 each time.
    """
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    labels = [at + timedelta(minutes=5 * (i + (not is_start))) for i in range(288)]
    name = f"{USDM}/metrics/BTCUSDT/BTCUSDT-metrics-{day}.zip"
    lines = [metrics_line(label, first + i) for i, label in enumerate(labels)]
    return zipped(folder / name, lines, METRICS)


def kline_lines(day: date, closes: Iterable[float], volume: str = "1.5") -> list[str]:
    """Return bars of a minute."""
    return [
        f"{start_ms(day) + n * 60_000},{close:.2f},{close + 5:.2f},{close - 5:.2f},{close:.2f},"
        f"{volume},{start_ms(day) + n * 60_000 + 59_999},100.5,12,1.1,50.2,0"
        for n, close in enumerate(closes)
    ]


def klines(folder: Path, kind: str, day: date, closes: Iterable[float]) -> Path:
    """Write a day's bars of BTCUSDT, USD-M; those of trades have volume."""
    volume = "1.5" if kind == "klines" else "0"
    name = f"{USDM}/{kind}/BTCUSDT/1m/BTCUSDT-1m-{day}.zip"
    return zipped(folder / name, kline_lines(day, closes, volume), KLINES)


def funding(folder: Path, month: date, rates: Sequence[str], hours: int = 8) -> Path:
    """Write settled rates of BTCUSDT, a few milliseconds after the full hour."""
    lines = [
        f"{start_ms(month) + n * hours * 3_600_000 + n % 3},{hours},{rate}"
        for n, rate in enumerate(rates)
    ]
    name = f"futures/um/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-{month:%Y-%m}.zip"
    return zipped(folder / name, lines, FUNDING)
