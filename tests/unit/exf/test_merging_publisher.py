"""What is published after a burst and after a poll, and with which stamp."""

from __future__ import annotations

import time
from array import array
from typing import TYPE_CHECKING

from adapters.exf.publishing.merging.merged_state import MergedState
from adapters.exf.publishing.merging.merging_publisher import MergingPublisher
from adapters.exf.publishing.vector_fan_out import VectorFanOut

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


class Kept:
    """A publisher that keeps copies."""

    name = "kept"

    def __init__(self) -> None:
        self.records: list[tuple[list[float], int]] = []

    def publish(self, factors: Mapping[str, float], ts_event_ns: int) -> None:
        raise NotImplementedError

    def publish_values(self, values: NDArray[np.float64], ts_event_ns: int) -> None:
        self.records.append((values.tolist(), ts_event_ns))

    def heartbeat(self) -> None:
        return

    def close(self) -> None:
        return


class Broken(Kept):
    """A publisher that fails."""

    name = "broken"

    def publish_values(self, values: NDArray[np.float64], ts_event_ns: int) -> None:
        raise OSError


def test_stamps_are_of_the_newest_input_and_never_decrease() -> None:
    """An exchange's older stamp after a poll keeps the poll's, a future one becomes now."""
    kept = Kept()
    publisher = MergingPublisher(MergedState((), ("a",)), VectorFanOut([kept]))
    now_ns = time.time_ns()
    publisher.take_record(array("d", [1.0]), now_ns - 5_000, now_ns)
    publisher.publish({}, now_ns - 1_000)
    publisher.take_record(array("d", [2.0]), now_ns - 2_000, now_ns)
    publisher.take_record(array("d", [3.0]), now_ns + 10**18, now_ns)
    stamps = [ts for _, ts in kept.records]
    assert stamps[:3] == [now_ns - 5_000, now_ns - 1_000, now_ns - 1_000]
    assert now_ns <= stamps[3] <= time.time_ns()
    assert [values for values, _ in kept.records] == [[1.0], [1.0], [2.0], [3.0]]
    assert publisher.streamed_records == 3


def test_a_publisher_that_fails_does_not_affect_the_others() -> None:
    """It is counted by name."""
    kept = Kept()
    fan_out = VectorFanOut([Broken(), kept])
    publisher = MergingPublisher(MergedState((), ("a",)), fan_out)
    publisher.take_record(array("d", [1.0]), 1, 1)
    assert len(kept.records) == 1
    assert fan_out.report() == {"published": 1, "publish_errors": {"broken": 1}}
