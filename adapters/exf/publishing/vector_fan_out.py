"""VectorFanOut: passes each state as a vector, without a dict, for many states a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.exf.publishing.fan_out import FanOut

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from adapters.exf.publishing.publishers import VectorPublisher


class VectorFanOut(FanOut):
    """Publish vectors through several publishers; see :class:`FanOut`.

    Parameters
    ----------
    publishers : sequence of VectorPublisher
        The publishers; the caller closes them.

    """

    def __init__(self, publishers: Sequence[VectorPublisher]) -> None:
        super().__init__(publishers)
        self._vector_publishers: Final = tuple(publishers)

    def publish_values(self, values: NDArray[np.float64], ts_event_ns: int) -> None:
        """Publish the whole state.

        Parameters
        ----------
        values : numpy.ndarray
            float64, in the order of the publishers' names; always the same array. NaN: no value.
        ts_event_ns : int
            The time of the state, UNIX nanoseconds.

        """
        for publisher in self._vector_publishers:
            try:
                publisher.publish_values(values, ts_event_ns)
            except Exception as error:  # noqa: BLE001 - counted, and logged once
                self._count(publisher.name, f"cannot publish to {publisher.name}", error)
        self.published += 1
