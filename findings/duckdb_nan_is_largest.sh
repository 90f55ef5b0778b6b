#!/usr/bin/env bash
# One Parquet column with 0.5, 2 and NaN, read by four libraries: how many rows are above 1, the
# maximum, the mean. All four answers differ.
#
# Expected: NaN passes no comparison, as IEEE 754 has it, and the aggregates agree.
# Seen: to DuckDB NaN is the largest number: it passes WHERE x > 1 and is the maximum. polars
# filters like DuckDB, but its maximum leaves NaN out and its mean does not. pandas skips NaN
# everywhere. pyarrow compares as IEEE 754 does, and its mean is NaN.
set -euo pipefail
. "$(dirname "$0")/environment.bash" duckdb==2.0.1 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1

cat >nan.py <<'PYTHON'
import math

import duckdb
import pandas
import polars
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

pq.write_table(pa.table({"x": [0.5, 2.0, math.nan]}), "x.parquet")

print("duckdb", duckdb.sql(
    "select count(*) filter (where x > 1), max(x), avg(x) from 'x.parquet'"
).fetchall()[0])
x = polars.read_parquet("x.parquet")["x"]
print("polars", ((x > 1).sum(), x.max(), x.mean()))
x = pandas.read_parquet("x.parquet")["x"]
print("pandas", (int((x > 1).sum()), float(x.max()), float(x.mean())))
x = pq.read_table("x.parquet")["x"]
print("pyarrow", (pc.sum(pc.greater(x, 1)).as_py(), pc.max(x).as_py(), pc.mean(x).as_py()))
PYTHON

report "filter, maximum and mean agree: duckdb (1, ...);polars (1, ...);pandas (1, ...);pyarrow (1, ...)" \
    "duckdb (2, nan, nan);polars (2, 2.0, nan);pandas (1, 2.0, 1.25);pyarrow (1, 2.0, nan)" \
    "$(python nan.py | paste -sd';')"
