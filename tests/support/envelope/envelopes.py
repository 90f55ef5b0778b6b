"""Envelopes made by hand, of results that a test chooses."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from adapters.command.user_code.strategy_class import StrategySettings
from adapters.session.envelope.envelope_file import config_of
from dolphin_strategies.envelope.envelope import Shift, Stream, sealed, watch_part

if TYPE_CHECKING:
    from pathlib import Path


def stream(values: Any, score: float = -0.3, budget: float = 0.05) -> Stream:
    """Return a stream with one shift."""
    shifts = (Shift(score=score, weight=1.0),)
    found = tuple(float(v) for v in values)
    return Stream(
        values=found,
        dependence=1.0,
        shifts=shifts,
        budget=budget,
        starts=len(found),
        limit=-math.log(budget),
    )


def document(mean: float = 0.0, limit: float = 1e9, **origin: Any) -> dict[str, Any]:
    """Return a sealed document: normal results of a mean, and a drawdown's limit."""
    values = mean + 0.01 * np.random.default_rng(1).standard_normal(400)
    streams = {"result": stream(values)}
    named = {"strategy": "m:S", "config": {}, "instruments": [], "currency": "USDT", **origin}
    return sealed({"origin": named, "watch": watch_part(streams, limit, 0.005, 10**12)})


def write(path: Path, strategy: str, **kwargs: Any) -> Path:
    """Write the envelope of a strategy with its default configuration."""
    config = config_of(StrategySettings(path=strategy))
    path.write_text(json.dumps(document(strategy=strategy, config=config, **kwargs)))
    path.chmod(0o600)
    return path
