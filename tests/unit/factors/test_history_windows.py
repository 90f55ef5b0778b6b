"""HistoryWindows: each instant of the span in one window, and not too much in any."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from dolphin_strategies.history.history_windows import HistoryWindows, StoredSpan

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECOND = 1_000_000_000
WANTED = 1000


def windows_over(
    stamps: NDArray[np.int64], begin_ns: int, end_ns: int, spans: list[StoredSpan]
) -> tuple[list[tuple[int, int]], list[int]]:
    """Walk the windows, telling each how many records it held."""
    windows = HistoryWindows(begin_ns, end_ns, WANTED, spans)
    found, counts = [], []
    while windows.advance():
        first, last = np.searchsorted(stamps, [windows.begin_ns, windows.end_ns])
        windows.learn(int(last - first))
        found.append((windows.begin_ns, windows.end_ns))
        counts.append(int(last - first))
    return found, counts


def spans_of(stamps: NDArray[np.int64], size: int = 8192) -> list[StoredSpan]:
    """Return the spans of row groups of these records; a new file begins after a long gap."""
    files = np.split(stamps, np.flatnonzero(np.diff(stamps) > 3600 * SECOND) + 1)
    groups = [f[i : i + size] for f in files for i in range(0, len(f), size)]
    return [StoredSpan(int(g[0]), int(g[-1]), len(g)) for g in groups]


DENSE = np.arange(0, 100 * SECOND, SECOND // 500)
SPARSE = np.arange(0, 40_000 * SECOND, 900 * SECOND)
AFTER_A_NIGHT = np.concatenate([DENSE, DENSE + 36_000 * SECOND])


@pytest.mark.parametrize("is_planned", [False, True])
@pytest.mark.parametrize("stamps", [DENSE, SPARSE, AFTER_A_NIGHT, DENSE[:0]])
@pytest.mark.parametrize("odd_ns", [0, 777])
def test_windows_cover_the_span_once(
    stamps: NDArray[np.int64], odd_ns: int, *, is_planned: bool
) -> None:
    """They touch, end where the span ends, and lie on microseconds within it."""
    end_ns = 40_000 * SECOND + odd_ns
    found, counts = windows_over(stamps, odd_ns, end_ns, spans_of(stamps) if is_planned else [])
    assert found[0][0] == 0
    assert found[-1][1] == end_ns
    assert all(a[1] == b[0] for a, b in pairwise(found))
    assert all(begin % 1000 == 0 for begin, _ in found)
    assert sum(counts) == len(stamps)


@pytest.mark.parametrize("stamps", [DENSE, SPARSE, AFTER_A_NIGHT])
def test_with_known_spans_no_window_holds_too_much(stamps: NDArray[np.int64]) -> None:
    """Also behind a gap of hours; and gaps cost no windows."""
    found, counts = windows_over(stamps, 0, 40_000 * SECOND, spans_of(stamps))
    assert max(counts) <= 1.05 * WANTED
    assert len(found) <= 1.3 * len(stamps) / WANTED + 2


def test_without_spans_windows_adapt_to_the_density() -> None:
    """After a few they hold what is wanted; a known density is kept through a gap."""
    _, counts = windows_over(AFTER_A_NIGHT, 0, 40_000 * SECOND, [])
    assert max(counts) <= 2.1 * WANTED
    found, _ = windows_over(SPARSE, 0, 40_000 * SECOND, [])
    assert len(found) < 700
