"""The same in freqtrade, in an environment of its own: ``python FILE ByColumn|ByCandle COUNT``.

A record is a candle with 85 columns beside it. Its backtest asks the exchange for its markets
first; ``ccxt_config`` sends that one request to this process, so that no network is needed.
"""

from __future__ import annotations

import json
import logging
import shutil
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pandas as pd
from freqtrade.configuration import Configuration
from freqtrade.data.history import get_datahandler, get_timerange
from freqtrade.enums import CandleType, RunMode
from freqtrade.optimize.backtesting import Backtesting

BATCH: Final = 50_000
FACTORS: Final = 85
PAIR: Final = "BTC/USDT"
STRATEGIES: Final = Path(__file__).with_name("freqtrade_strategies.py")
MARKET: Final = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "baseAssetPrecision": 8,
    "quoteAssetPrecision": 8,
    "isSpotTradingAllowed": True,
    "orderTypes": ["LIMIT", "MARKET", "STOP_LOSS_LIMIT"],
    "permissionSets": [["SPOT"]],
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.1", "maxPrice": "999999", "tickSize": "0.1"},
        {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "9000", "stepSize": "0.001"},
        {"filterType": "NOTIONAL", "minNotional": "5"},
    ],
}
"""One market, in the fields that Binance's ``exchangeInfo`` has for it."""


class Markets(BaseHTTPRequestHandler):
    """Answers the request for the markets, and no other."""

    def do_GET(self) -> None:
        is_known = self.path.startswith("/exchangeInfo")
        body = json.dumps({"timezone": "UTC", "rateLimits": [], "symbols": [MARKET]}).encode()
        self.send_response(200 if is_known else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: stderr is for what went wrong."""


def settings(folder: Path, job: str, url: str) -> Any:
    """Return freqtrade's settings, read by it from a file."""
    file = folder / "config.json"
    file.write_text(
        json.dumps(
            {
                "stake_currency": "USDT",
                "stake_amount": 100,
                "max_open_trades": 1,
                "dry_run": True,
                "exchange": {
                    "name": "binance",
                    "pair_whitelist": [PAIR],
                    "ccxt_config": {
                        "urls": {"api": {"public": url}},
                        "options": {"fetchMarkets": {"types": ["spot"]}},
                    },
                },
                "pairlists": [{"method": "StaticPairList"}],
                "entry_pricing": {"price_side": "same"},
                "exit_pricing": {"price_side": "same"},
            }
        ),
        encoding="utf-8",
    )
    arguments = {
        "config": [str(file)],
        "user_data_dir": str(folder),
        "datadir": str(folder / "data"),
        "strategy": job,
        "export": "none",
    }
    return Configuration(arguments, RunMode.BACKTEST).get_config()


def write_data(folder: Path, count: int) -> None:
    """Write candles, and a file with the factors of as many of them as there are records."""
    # The engine walks from the second candle on, and a callback sees the one before: two more.
    rows = count + 2
    at = pd.date_range("2024-01-01", periods=rows, freq="1min", tz="UTC")
    price = 60_000 + np.arange(rows) % 50 / 10
    candles = {"open": price, "high": price, "low": price, "close": price, "volume": 1.0}
    (folder / "data").mkdir()
    get_datahandler(folder / "data", "feather").ohlcv_store(
        PAIR, "1m", pd.DataFrame({"date": at, **candles}), CandleType.SPOT
    )
    values = np.random.default_rng(1).random((BATCH, FACTORS))
    names = [f"factor_{i:02d}_binance" for i in range(FACTORS)]
    factors = pd.DataFrame(np.resize(values, (count, FACTORS)), columns=names)
    factors.insert(0, "date", at[:count])
    factors.to_feather(folder / "factors.feather")


def rate(folder: Path, job: str, count: int, url: str) -> dict[str, float | str]:
    """Walk over candles in memory; return the rate, the processor time and what was read."""
    (folder / "strategies").mkdir()
    shutil.copy(STRATEGIES, folder / "strategies")
    write_data(folder, count)
    backtesting = Backtesting(settings(folder, job, url))
    candles, _ = backtesting.load_bt_data()
    strategy: Any = backtesting.strategylist[0]
    # Files are read here: what follows is what its own `backtest_one_strategy` does then.
    backtesting._set_strategy(strategy)
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    processed = strategy.advise_all_indicators(candles)
    first, last = get_timerange(processed)
    done = backtesting.backtest(processed=processed, start_date=first, end_date=last)
    took_s, took_cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
    if strategy.received != count or len(done["results"]):
        sys.exit(f"expected {count} records, found {strategy.received}, {done['results']}")
    return {
        "rate_hz": count / took_s,
        "cpu_us": took_cpu_s * 1e6 / count,
        "total": strategy.total,
        "version": version("freqtrade"),
    }


def main(job: str, count: int) -> None:
    """Serve the markets meanwhile."""
    logging.disable(logging.WARNING)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Markets)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with TemporaryDirectory() as folder:
        found = rate(Path(folder), job, count, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
