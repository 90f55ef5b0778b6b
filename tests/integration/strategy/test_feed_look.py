"""FactorFeed.look: a record is delivered between two pieces of other work on the node's thread."""

from __future__ import annotations

import json

import pytest

from tests.support.nodes import look_node
from tests.support.nodes.processes import child
from tests.support.transports.regions import new_region_path, remove_all_of


@pytest.mark.parametrize("wait", ["event", "spin"])
def test_a_look_delivers_what_is_there_and_nothing_twice(wait: str) -> None:
    """At once, in order, not before the start or after the stop, and not within a delivery."""
    region = new_region_path()
    try:
        with child(look_node.answer, region, wait) as node:
            seen = json.loads(node.line(60))
    finally:
        remove_all_of(region)
    assert seen["before the start"] == []
    assert seen["not yet"] == [1]
    assert seen["looked"] == [1, 2]
    assert seen["nothing new"] == [1, 2]
    assert seen["looked within"] == [1, 2, 3]
    assert seen["within"] == []
    assert seen["in turn"] == [1, 2, 3, 4, 5]
    assert seen["after the stop"] == [1, 2, 3, 4, 5]
