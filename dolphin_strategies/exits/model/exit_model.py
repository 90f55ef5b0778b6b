"""ExitModel: the trained rules of exits, by buckets of assets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

OTHER: Final = "other"
"""The bucket of every asset that the training did not see or could not assign."""


@dataclass(frozen=True, kw_only=True)
class ModelFactor:
    """A factor that a model looks at.

    Attributes
    ----------
    name : str
        Its name in the schema.
    mean, scale : float
        Mean and standard deviation in the training window, in the factor's own unit.

    """

    name: str
    mean: float
    scale: float


@dataclass(frozen=True, kw_only=True)
class ExitRule:
    """When positions of a bucket are closed.

    Distances are multiples of the standard deviation of the return over the model's horizon, as
    known when a position was opened; times are fractions of the horizon.

    Attributes
    ----------
    take : float
        The gain at which holding is worth no more, at the position's opening.
    decay : float
        How much of it is gone at the end of the horizon, as a fraction.
    stop : float
        The loss at which to close.
    trail : float
        What may be given back of the largest gain.
    time : float
        The longest time.
    weights : tuple of float
        By how much one standard deviation of each factor moves the gain to be taken, of a long
        position; in the order of the model's factors.

    """

    take: float
    decay: float
    stop: float
    trail: float
    time: float
    weights: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A group of assets that are traded alike.

    Attributes
    ----------
    rule : ExitRule, optional
        When to close; None: training showed no gain here.
    figures : mapping
        The figures out of sample that the decision for or against a rule was made on.

    """

    rule: ExitRule | None
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ExitModel:
    """A trained model of exits.

    Attributes
    ----------
    horizon_ns, interval_ns : int
        The longest time that positions were followed, and the interval over which volatility is
        measured: nanoseconds.
    factors : tuple of ModelFactor
        The factors it looks at.
    buckets : mapping of str to Bucket
        The rule of each bucket; ``other`` is among them.
    assets : mapping of str to str
        The bucket of each instrument.
    trained : mapping
        The window, the positions and the settings of the training.

    """

    horizon_ns: int
    interval_ns: int
    factors: tuple[ModelFactor, ...]
    buckets: Mapping[str, Bucket]
    assets: Mapping[str, str]
    trained: Mapping[str, Any] = field(default_factory=dict)

    @property
    def interval(self) -> timedelta:
        """The interval over which volatility is measured."""
        return timedelta(microseconds=self.interval_ns // 1000)

    def rules(self) -> dict[str, ExitRule]:
        """Return the rules of the buckets that have one."""
        return {name: b.rule for name, b in self.buckets.items() if b.rule is not None}

    def bucket_of(self, instrument_id: str) -> str:
        """Return the bucket of an instrument."""
        return self.assets.get(instrument_id, OTHER)
