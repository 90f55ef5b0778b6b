#!/usr/bin/env bash
# ParquetDataCatalog: one write that was allowed to overlap makes every later write of that data
# fail, however far away in time it is.
#
# Expected: a write is refused only if it overlaps something itself.
# Seen: after one write with skip_disjoint_check=True that overlaps, writes of other days raise too,
# unless they skip the check as well.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >catalog.py <<'PYTHON'
import tempfile

from nautilus_trader.model import Price, Quantity, QuoteTick
from nautilus_trader.persistence import ParquetDataCatalog
from nautilus_trader.testkit.providers import TestInstrumentProvider

PERP = TestInstrumentProvider.btcusdt_perp_binance()
DAY = 86_400 * 10**9
one = Quantity(1, 3)


def write(catalog, first_day, last_day, **options):
    quotes = [
        QuoteTick(PERP.id, Price(100, 1), Price(101, 1), one, one, day * DAY, day * DAY)
        for day in (first_day, last_day)
    ]
    try:
        catalog.write_quote_ticks(quotes, **options)
    except OSError:
        return "refused"
    return "written"


with tempfile.TemporaryDirectory() as folder:
    catalog = ParquetDataCatalog(folder)
    seen = [
        write(catalog, 1, 5),
        write(catalog, 10, 11),
        write(catalog, 4, 6, skip_disjoint_check=True),
        write(catalog, 20, 21),
        write(catalog, 30, 31),
    ]
print(*seen)
PYTHON

report "written written written written written" "written written written refused refused" \
    "$(python catalog.py)"
