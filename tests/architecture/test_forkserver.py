"""What the test processes import before they are forked is there."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.support.nodes.forkserver import IMPORTED


@pytest.mark.parametrize("name", IMPORTED)
def test_what_is_imported_before_the_fork_is_a_module(name: str) -> None:
    """A module that was renamed would be imported anew by each test process."""
    assert find_spec(name)
