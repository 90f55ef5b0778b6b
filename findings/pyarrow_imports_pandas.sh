#!/usr/bin/env bash
# Turning numpy into Arrow and back imports all of pandas where it is installed, though no pandas
# object is in sight.
#
# Expected: pyarrow.array(numpy array) and Array.to_numpy() need numpy only.
# Seen: either call imports pandas: most of a second of a process's start, and its memory.
set -euo pipefail
. "$(dirname "$0")/environment.bash" pyarrow==26.0.1 pandas==3.1.1 numpy==2.5.5

cat >convert.py <<'PYTHON'
import sys

import numpy as np
import pyarrow as pa

buffer = pa.Array.from_buffers(pa.float64(), 3, [None, pa.py_buffer(np.arange(3.0))])
before = "pandas" in sys.modules
pa.array(np.arange(3.0)) if sys.argv[1] == "array" else buffer.to_numpy()
print(f"{sys.argv[1]}: pandas {before} then {'pandas' in sys.modules}")
PYTHON

report "array: pandas False then False; to_numpy: pandas False then False" \
    "array: pandas False then True; to_numpy: pandas False then True" \
    "$(python convert.py array); $(python convert.py to_numpy)"
