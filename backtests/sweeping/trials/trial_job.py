"""What a worker is asked and what it answers, as lines of JSON."""

from __future__ import annotations

import base64
import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class TrialJob:
    """A backtest to run.

    Attributes
    ----------
    fold : int
        The number of the fold.
    number : int
        The number of the trial in its fold; -1: the test of the chosen parameters.
    values : dict
        By field of the strategy's config its TOML value.
    start_ns, end_ns : int
        The half-open window to replay, UNIX nanoseconds.
    from_ns : int
        From where the returns count.
    step_ns : int
        The step of the returns, nanoseconds.

    """

    fold: int
    number: int
    values: dict[str, Any]
    start_ns: int
    end_ns: int
    from_ns: int
    step_ns: int

    @property
    def key(self) -> tuple[int, int]:
        """What names the job: its fold and its number."""
        return self.fold, self.number

    def to_line(self) -> str:
        """Return the job as a line of JSON."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Read a job."""
        return cls(**json.loads(line))


@dataclass(frozen=True, kw_only=True)
class TrialOutcome:
    """What came of a backtest.

    Attributes
    ----------
    fold, number : int
        Of the job.
    returns : float64 array of shape (steps,)
        The returns of the equity, step by step.
    positions : int
        Positions that were opened.
    elapsed_s : float
        How long it took, seconds.
    problem : str
        Why there is no result; empty if there is one.
    is_lost : bool
        Whether the worker died, so that the job may be tried again.

    """

    fold: int
    number: int
    returns: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    positions: int = 0
    elapsed_s: float = 0.0
    problem: str = ""
    is_lost: bool = False

    @property
    def key(self) -> tuple[int, int]:
        """What names the job: its fold and its number."""
        return self.fold, self.number

    def to_line(self) -> str:
        """Return the outcome as a line of JSON."""
        return json.dumps({**vars(self), "returns": packed(self.returns)})

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Read an outcome."""
        found = json.loads(line)
        return cls(**{**found, "returns": unpacked(found["returns"])})


def packed(returns: NDArray[np.float64]) -> str:
    """Return numbers as base64 of little-endian float64."""
    return base64.b64encode(np.ascontiguousarray(returns, "<f8").tobytes()).decode()


def unpacked(text: str) -> NDArray[np.float64]:
    """Return the numbers of such a text."""
    return np.frombuffer(base64.b64decode(text), "<f8").astype(np.float64)
