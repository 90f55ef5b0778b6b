"""The outcomes of a source's records: counts that add up, and the lost gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adapters.catalog.files.gap import Gap

if TYPE_CHECKING:
    from dolphin_strategies.factors.batch import FactorBatch


@dataclass(frozen=True, kw_only=True)
class RecorderCounts:
    """A recorder's counts at one moment: ``published == recorded + lost + dropped + waiting``.

    Attributes
    ----------
    published : int
        Records published by the source since its first record.
    recorded : int
        Records passed to the recording and not dropped.
    lost : int
        Records overwritten before they could be read; the recording has each gap.
    dropped : int
        Records read, and not written because writing failed.
    waiting : int
        Records in the source or in memory that are not written yet.

    """

    published: int
    recorded: int
    lost: int
    dropped: int
    waiting: int

    @property
    def adds_up(self) -> bool:
        """Whether every record is accounted for."""
        accounted = self.recorded + self.lost + self.dropped + self.waiting
        return self.published == accounted and self.waiting >= 0


def gaps_of(batch: FactorBatch, lost: int, last: tuple[int, int] | None = None) -> list[Gap]:
    """Return the gaps of ``lost`` records: between the records of a batch, else before it.

    Parameters
    ----------
    batch : FactorBatch
        The records that were read.
    lost : int
        How many records the source lost since the read before.
    last : tuple of stream_id and sequence, optional
        The record before the batch. If it is of another stream, what cannot have been before the
        batch was after it: the end of a stream whose file was destroyed.

    """
    sequence = batch.sequence
    steps = np.diff(sequence)
    after = np.flatnonzero(steps > 1)
    inside = [Gap(batch.stream_id, int(sequence[i]), int(steps[i]) - 1) for i in after]
    before = lost - sum(gap.lost for gap in inside)
    at_the_end = before - (int(sequence[0]) - 1)
    gaps = []
    if last is not None and last[0] != batch.stream_id and at_the_end > 0:
        gaps.append(Gap(*last, at_the_end))
        before -= at_the_end
    if before > 0:
        gaps.append(Gap(batch.stream_id, int(sequence[0]) - 1 - before, before))
    return gaps + inside
