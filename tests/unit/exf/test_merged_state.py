"""Streamed and polled values in one vector: the stream wins while it is alive."""

from __future__ import annotations

import math
from array import array

import numpy as np
import pytest

from adapters.exf.publishing.merging.merged_state import MergedState
from adapters.exf.registry.factor_registry import FactorDefinition

NAN = math.nan


def polled(name: str) -> FactorDefinition:
    """Return a polled factor."""
    return FactorDefinition(name=name, unit="", about="", low=-1e9, high=1e9, source="a/b")


def derived(name: str, rule: str, *inputs: str, high: float = 1e9) -> FactorDefinition:
    """Return a derived factor."""
    return FactorDefinition(
        name=name, unit="", about="", low=-1e9, high=high, rule=rule, inputs=inputs
    )


FACTORS = (
    polled("mid"),
    polled("fear"),
    polled("_index"),
    derived("basis", "bps_over", "mid", "_index"),
    derived("middle", "median", "mid", "other"),
    derived("far", "product", "basis", "fear", high=100.0),
)
STREAMED = ("mid", "other")


def merged() -> MergedState:
    """Return a state in which mid is both streamed and polled, other is streamed only."""
    return MergedState(FACTORS, STREAMED)


def test_streamed_names_come_first_and_hidden_ones_are_not_published() -> None:
    """The region's schema: each name once."""
    assert merged().names == ("mid", "other", "fear", "basis", "middle", "far")


def test_the_stream_wins_and_the_poll_takes_over() -> None:
    """By name, as status tells it; nothing keeps a dead value alive."""
    state = merged()
    assert state.origins() == {"mid": "none", "other": "none"}
    state.take_polled({"mid": 10.0, "fear": 1.0, "_index": 10.0})
    assert state.mapping()["mid"] == 10.0
    assert state.origins()["mid"] == "poll"
    values = array("d", [11.0, 12.0])
    state.take_streamed(values)
    assert state.mapping()["mid"] == 11.0
    assert state.origins() == {"mid": "stream", "other": "stream"}
    state.take_polled({"mid": 10.5, "fear": 1.0, "_index": 10.0})
    assert state.mapping()["mid"] == 11.0
    values[0] = values[1] = NAN
    state.take_streamed(values)
    assert state.mapping()["mid"] == 10.5
    assert math.isnan(state.mapping()["other"])
    state.take_polled({})
    assert state.missing() == ["mid", "other", "fear", "basis", "middle", "far"]


def test_derived_factors_follow_the_streamed_input() -> None:
    """Also over two rules, with a hidden input; a value out of range is none."""
    state = merged()
    state.take_polled({"mid": 10.0, "fear": 2.0, "_index": 10.0, "basis": 0.0, "middle": 10.0})
    state.take_streamed(array("d", [10.01, 10.03]))
    found = state.mapping()
    assert found["basis"] == pytest.approx(10.0)
    assert found["middle"] == pytest.approx(10.02)
    assert found["far"] == pytest.approx(20.0)
    state.take_streamed(array("d", [11.0, NAN]))
    assert state.mapping()["middle"] == 11.0
    assert math.isnan(state.mapping()["far"])


def test_the_vector_is_always_the_same_array() -> None:
    """The region's writer takes one that it knows without preparing it."""
    state = merged()
    values = state.values
    state.take_polled({"mid": 1.0})
    state.take_streamed(array("d", [2.0, 3.0]))
    assert state.values is values
    assert values.flags.c_contiguous
    assert values.dtype == np.float64
    assert dict(zip(state.names, values.tolist(), strict=True))["other"] == 3.0


def test_another_buffer_is_taken_too() -> None:
    """A new set of computed factors has a new buffer."""
    state = merged()
    state.take_streamed(array("d", [1.0, 2.0]))
    state.take_streamed(np.array([3.0, 4.0]))
    assert state.mapping()["other"] == 4.0
