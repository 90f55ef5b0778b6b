"""Archive files of the venues as people download them: the right shape, invented values."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
DAY: Final = 1_790_035_200_000
"""2026-09-22 00:00 UTC, UNIX milliseconds."""
OKX_DAY: Final = DAY - 8 * HOUR_MS
"""The beginning of OKX's day of that date, which is that of UTC+8."""

BYBIT_HEADER: Final = (
    "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,"
    "foreignNotional"
)
OKX_TRADES_HEADER: Final = "instrument_name,trade_id,side,price,size,created_time"
OKX_OLD_TRADES_HEADER: Final = (
    "trade_id/撮合id,side/交易方向,size/数量,price/价格,created_time/成交时间"
)
OKX_CANDLES_HEADER: Final = (
    "instrument_name,open,high,low,close,vol,vol_ccy,vol_quote,open_time,confirm"
)
OKX_FUNDING_HEADER: Final = "instrument_name,funding_rate,funding_time"
OKX_OLD_FUNDING_HEADER: Final = (
    "contract_type/合约类型,funding_rate/预测下一周期费率,"
    "real_funding_rate/本周期真实费率,funding_time/下一周期时间戳"
)
TARDIS_TRADES_HEADER: Final = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount"
TARDIS_QUOTES_HEADER: Final = (
    "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount"
)
TARDIS_TICKER_HEADER: Final = (
    "exchange,symbol,timestamp,local_timestamp,funding_timestamp,funding_rate,"
    "predicted_funding_rate,open_interest,last_price,index_price,mark_price"
)


def lines(header: str, rows: Iterable[Sequence[object]]) -> str:
    """Return a table of comma-separated values; no header if it is empty."""
    text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    return f"{header}\n{text}" if header else text


def write_gz(path: Path, text: str) -> Path:
    """Write a file packed with gzip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()))
    return path


def write_zip(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a zip with one table, named like it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(f"{path.stem}.csv", text.encode(encoding))
    path.write_bytes(buffer.getvalue())
    return path


def write_json(path: Path, body: Any) -> Path:
    """Write JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body))
    return path


def bybit_trade(ms: float, side: str, size: str, price: str, number: int) -> list[str]:
    """Return a row of Bybit's trades of BTCUSDT, stamped in seconds with fractions."""
    stamp = f"{ms / 1000:.4f}"
    return [stamp, "BTCUSDT", side, size, price, "PlusTick", f"id-{number}", "1e+9", size, "1"]


def okx_candle(ms: int, price: int, volume: str = "200") -> list[str]:
    """Return a row of OKX's candles of BTC-USDT-SWAP; its volume is contracts."""
    prices = [str(price), str(price + 2), str(price - 2), str(price + 1)]
    return ["BTC-USDT-SWAP", *prices, volume, "2", "200", str(ms), "0"]


def dvol_rows(first_ms: int, count: int, step_ms: int = HOUR_MS) -> list[list[float]]:
    """Return rows of Deribit's volatility index, whose closes are 40.5, 41.5, …."""
    return [[first_ms + i * step_ms, 40.0 + i, 42.0 + i, 39.0 + i, 40.5 + i] for i in range(count)]


def dvol_answer(
    rows: list[list[float]], continuation: int | None = None, served_ms: int = DAY + 900 * DAY_MS
) -> dict[str, Any]:
    """Return an answer of get_volatility_index_data."""
    return {
        "jsonrpc": "2.0",
        "result": {"data": rows, "continuation": continuation},
        "usIn": served_ms * 1_000 - 5,
        "usOut": served_ms * 1_000,
        "testnet": False,
    }


def bybit_funding_answer(rows: Iterable[tuple[int, str]], symbol: str) -> dict[str, Any]:
    """Return an answer of funding/history, newest first."""
    listed = [
        {"symbol": symbol, "fundingRate": rate, "fundingRateTimestamp": str(ms)}
        for ms, rate in rows
    ]
    result = {"category": "linear", "list": listed[::-1]}
    return {"retCode": 0, "retMsg": "OK", "result": result, "time": 1}
