#!/usr/bin/env bash
# Loaded without precisions, Tardis's quotes have the decimals of the bids so far: an ask with more is
# rounded, and quotes are locked that were not.
#
# A file with book_ticker's columns, its numbers without trailing zeros. The ask is 0.4 at 87600.1,
# the bid 2 at 87600: as exact, with fewer decimals. (87600.0 counts as 87600.)
# Expected: 0.4 at 87600.1, as load_tardis_trades finds the decimals of a whole file.
# Seen: 0 at 87600. If a later bid has a decimal, it becomes 0.0 at 87600.0: the right precision, and
# still the rounded values. After such a bid asks are right. Nothing is logged, so that the beginning
# of each file can be wrong: give both precisions.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >quotes.py <<'PYTHON'
from nautilus_trader.adapters.tardis import load_tardis_quotes, load_tardis_trades

STAMPS = "1764547200000000,1764547200004000"
QUOTES = "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount"
TRADES = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount"


def rows(header, *texts):
    """Write a file of Tardis's form and return its path."""
    lines = [header, *(f"binance-futures,BTCUSDT,{STAMPS},{text}" for text in texts)]
    with open("tardis.csv", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return "tardis.csv"


def asks(*texts, **precisions):
    quotes = load_tardis_quotes(rows(QUOTES, *texts), **precisions)
    return " then ".join(f"{quote.ask_size} at {quote.ask_price}" for quote in quotes)


QUOTE, FINER_BID = "0.4,87600.1,87600,2", "1,87600.3,87600.2,0.7"
trade = load_tardis_trades(rows(TRADES, "1,buy,87600,2", "2,buy,87600.1,0.4"))[1]
print(f"trade {trade.size} at {trade.price}", end="; ")
print("precisions given", asks(QUOTE, price_precision=1, size_precision=1), end="; ")
print("none", asks(QUOTE), end="; ")
print("with a finer bid", asks(QUOTE, FINER_BID, QUOTE))
PYTHON

before="trade 0.4 at 87600.1; precisions given 0.4 at 87600.1; none"
after="then 1.0 at 87600.3 then 0.4 at 87600.1"
report "$before 0.4 at 87600.1; with a finer bid 0.4 at 87600.1 $after" \
    "$before 0 at 87600; with a finer bid 0.0 at 87600.0 $after" "$(python quotes.py)"
