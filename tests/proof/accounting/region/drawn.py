"""What is drawn at random for a region: names, sizes, values, stamps, ways of reading."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

SCHEMAS: Final = (("a",), ("a", "b"), ("b", "a"), ("c",), ("a", "b", "c"))
CAPACITIES: Final = (2, 4, 8, 16)
FLOATS: Final = st.floats(allow_nan=True, allow_subnormal=True) | st.sampled_from([-0.0, 1e308])
STAMPS: Final = st.sampled_from([0, 0, 0, 1, 2**62, 2**62 + 1])
ODD_NAMES: Final = ("_a", "", "*", "a b", "é", "9", "a" * 63, "a" * 64, "../a", "a\n")
MANY: Final = 40
READS: Final = (
    "read_next", "read_next", "read_latest", "read_batch", "latest", "latest_into", "since",
    "spin", "wait",
)  # fmt: skip
