"""The windows of a walk-forward search."""

from __future__ import annotations

import pytest

from adapters.command.durations import DAY_NS
from backtests.sweeping.setup.folds import make_folds, step_of
from dolphin_strategies.errors import ConfigError

HOUR_NS = DAY_NS // 24


def test_tests_follow_each_other_and_no_scored_return_is_within_a_horizon_of_a_split() -> None:
    """Growing train windows: tests cover the second half; purge and embargo are the horizon."""
    folds = make_folds(0, 80 * DAY_NS, count=4, horizon_ns=6 * HOUR_NS)
    assert [(f.split_ns // DAY_NS, f.end_ns // DAY_NS) for f in folds] == [
        (40, 50),
        (50, 60),
        (60, 70),
        (70, 80),
    ]
    for fold in folds:
        assert fold.train_ns == (0, fold.split_ns - 6 * HOUR_NS)
        assert fold.test_ns == (fold.split_ns + 6 * HOUR_NS, fold.end_ns)


def test_train_windows_of_a_given_length_roll() -> None:
    """With train and test given, the last test ends with the window."""
    folds = make_folds(
        0, 80 * DAY_NS, count=3, horizon_ns=0, train_ns=20 * DAY_NS, test_ns=5 * DAY_NS
    )
    assert [f.start_ns // DAY_NS for f in folds] == [45, 50, 55]
    assert folds[-1].end_ns == 80 * DAY_NS


@pytest.mark.parametrize(
    ("days", "horizon_ns", "train_ns"), [(8, 2 * DAY_NS, None), (10, 0, 30 * DAY_NS)]
)
def test_a_window_that_is_too_short_is_refused(
    days: int, horizon_ns: int, train_ns: int | None
) -> None:
    """Horizons that eat the windows, and train windows longer than the data."""
    with pytest.raises(ConfigError, match="expected"):
        make_folds(0, days * DAY_NS, count=4, horizon_ns=horizon_ns, train_ns=train_ns)


def test_a_step_is_no_shorter_than_the_horizon() -> None:
    """The step is at least the horizon, and long enough for a thousand returns at most."""
    folds = make_folds(0, 80 * DAY_NS, count=4, horizon_ns=3 * HOUR_NS)
    assert step_of(folds, 3 * HOUR_NS, 0) == 4 * HOUR_NS
