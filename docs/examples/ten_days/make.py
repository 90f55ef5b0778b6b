"""Make the example's files: ten made-up days of a market in which takers move prices."""

import csv
import datetime as dt
import random
from pathlib import Path

FOLDER = Path(__file__).parent
START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
BAR = dt.timedelta(minutes=15)
random.seed(7)


def write(name, header, rows):
    with (FOLDER / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


bars, takers, price, flow = [], [], 60_000.0, 0.0
for i in range(10 * 96):
    flow = 0.6 * flow + random.gauss(0, 1)
    open_, close = price, price * (1 + 0.0011 * flow + random.gauss(0, 0.0008))
    high = max(open_, close) * (1 + abs(random.gauss(0, 0.0004)))
    low = min(open_, close) * (1 - abs(random.gauss(0, 0.0004)))
    volume = 400 * random.lognormvariate(0, 0.4)
    stamp = (START + i * BAR).isoformat()
    bars.append([stamp, *(f"{p:.1f}" for p in (open_, high, low, close)), f"{volume:.3f}"])
    if i not in {200, 201, 555}:  # holes, as real series have
        buys = volume / (1 + 2.718 ** (-0.5 * flow))
        takers.append([stamp, f"{buys:.3f}", f"{volume - buys:.3f}", f"{buys / (volume - buys):.4f}"])
    price = close
write("bars.csv", ["open_time", "open", "high", "low", "close", "volume"], bars)
write("takers.csv", ["open_time", "buy_volume", "sell_volume", "buy_sell_ratio"], takers)
write("funding.csv", ["time", "rate"], [
    [(START + dt.timedelta(hours=8 * i)).isoformat(), f"{random.gauss(0.0001, 0.00003):.8f}"] for i in range(30)
])
write("fear_greed.csv", ["date", "value"], [
    [(START + dt.timedelta(days=i)).date().isoformat(), random.randint(30, 70)] for i in range(-2, 10)
])
