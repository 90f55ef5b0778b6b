#!/usr/bin/env bash
# What a custom data type writes as JSON it does not read back: every fiftieth float is another one.
#
# 1,000 values of Deribit's volatility index between 30 and 90, written by to_json and read by from_json.
# Expected: the value that was written, as Python's json reads it from the same text: to_json writes enough
# digits for that.
# Seen: 20 of 1,000 are another float64, the neighbour. So a value that went through JSON is not equal to
# itself, and a recording compared bit by bit differs.
set -euo pipefail
. "$(dirname "$0")/environment.bash" nautilus_trader==2.0.0rc7

cat >json_floats.py <<'PYTHON'
import json
import math
import random

from nautilus_trader.adapters.deribit import DeribitVolatilityIndex

numbers, off = random.Random(1), 0
for _ in range(1_000):
    value = numbers.uniform(30, 90)
    text = DeribitVolatilityIndex("btc_usd", value, 1, 2).to_json()
    assert json.loads(text)["volatility"] == value
    found = DeribitVolatilityIndex.from_json(json.loads(text)).volatility
    assert abs(found - value) <= math.ulp(value)
    off += found != value
print(f"{off} of 1000 are not equal", end="")
PYTHON

report "0 of 1000 are not equal" "20 of 1000 are not equal" "$(python json_floats.py)"
