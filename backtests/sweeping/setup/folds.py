"""Folds: windows in which parameters are searched, each with the later one that tests them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adapters.command.durations import DAY_NS, show_duration
from adapters.command.instants import show_instant
from dolphin_strategies.errors import ConfigError

_MINUTE_NS: Final = 60 * 1_000_000_000
STEPS_NS: Final = tuple(
    minutes * _MINUTE_NS for minutes in (1, 5, 15, 30, 60, 120, 240, 480, 720, 1_440)
)
"""Steps of returns; each divides a day."""
MOST_STEPS: Final = 1_000
"""Returns of a train window, from which a longer step is taken."""


@dataclass(frozen=True, kw_only=True)
class Fold:
    """A train window and the test window after it.

    Attributes
    ----------
    number : int
        From 1.
    start_ns : int
        The start of the train window, UNIX nanoseconds.
    split_ns : int
        Its end, which is the start of the test window.
    end_ns : int
        The end of the test window, exclusive.
    horizon_ns : int
        What is scored ends so long before the split (purge) and begins again so long after it
        (embargo), nanoseconds.

    """

    number: int
    start_ns: int
    split_ns: int
    end_ns: int
    horizon_ns: int

    @property
    def train_ns(self) -> tuple[int, int]:
        """The half-open window of which the search scores the returns."""
        return self.start_ns, self.split_ns - self.horizon_ns

    @property
    def test_ns(self) -> tuple[int, int]:
        """The half-open window of which the returns are out of sample."""
        return self.split_ns + self.horizon_ns, self.end_ns


def make_folds(  # noqa: PLR0913 - what a person chooses
    start_ns: int,
    end_ns: int,
    *,
    count: int,
    horizon_ns: int,
    train_ns: int | None = None,
    test_ns: int | None = None,
) -> list[Fold]:
    """Divide a window into folds, the tests one after the other to the window's end.

    Parameters
    ----------
    start_ns, end_ns : int
        The window, half-open, UNIX nanoseconds.
    count : int
        The number of folds.
    horizon_ns : int
        Purge and embargo, nanoseconds.
    train_ns : int, optional
        The length of each train window; None: from the start of the window on.
    test_ns : int, optional
        The length of each test window; None: all tests together are half of the window, or what
        the first train window leaves.

    Raises
    ------
    ConfigError
        If the window is too short for them.

    """
    span = end_ns - start_ns
    if test_ns is None:
        rest = span // 2 if train_ns is None else span - train_ns
        test_ns = max(rest // count, 1)
    first_split = end_ns - count * test_ns
    longest = train_ns or first_split - start_ns
    if first_split - longest < start_ns or longest <= 0:
        msg = (
            f"expected a window of at least {_days((train_ns or 1) + count * test_ns)} for "
            f"{count} folds, found {_days(span)}: choose fewer folds, or shorter train and test"
        )
        raise ConfigError(msg)
    if min(longest, test_ns) <= 2 * horizon_ns:
        msg = (
            f"expected train and test windows of more than two horizons of "
            f"{show_duration(horizon_ns)}, found {_days(longest)} and {_days(test_ns)}: choose "
            "fewer folds, a longer window or a shorter horizon"
        )
        raise ConfigError(msg)
    folds = []
    for number in range(1, count + 1):
        split = first_split + (number - 1) * test_ns
        begin = start_ns if train_ns is None else split - train_ns
        folds.append(
            Fold(
                number=number,
                start_ns=begin,
                split_ns=split,
                end_ns=split + test_ns,
                horizon_ns=horizon_ns,
            )
        )
    return folds


def step_of(folds: list[Fold], horizon_ns: int, least_ns: int) -> int:
    """Return the step of the returns, nanoseconds.

    At least the horizon, so that one step's return says little about the next one's, and so that
    the longest train window has at most a thousand; at most a day.

    Parameters
    ----------
    folds : list of Fold
        The folds.
    horizon_ns : int
        The strategy's horizon, nanoseconds.
    least_ns : int
        The distance of the market's data, nanoseconds.

    Raises
    ------
    ConfigError
        If the horizon is longer than a day.

    """
    if horizon_ns > DAY_NS:
        msg = f"horizon: expected at most 1d, found {show_duration(horizon_ns)}"
        raise ConfigError(msg)
    longest = max(end - start for start, end in (fold.train_ns for fold in folds))
    wanted = max(horizon_ns, least_ns, longest // MOST_STEPS)
    return next((step for step in STEPS_NS if step >= wanted), DAY_NS)


def describe(folds: list[Fold]) -> list[str]:
    """Return a line for each fold."""
    return [
        f"  fold {f.number}    train {show_instant(f.start_ns)} to {show_instant(f.train_ns[1])}, "
        f"test {show_instant(f.test_ns[0])} to {show_instant(f.end_ns)}"
        for f in folds
    ]


def _days(ns: int) -> str:
    return f"{ns / DAY_NS:.3g} days"
