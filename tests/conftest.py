"""Fixtures that every test may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.transports.member import Member, require_member
from tests.support.transports.regions import new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def region_path() -> Iterator[Path]:
    """Give a region path of the test's own, and remove everything there afterwards."""
    path = new_region_path()
    yield path
    remove_all_of(path)


@pytest.fixture(scope="module")
def member() -> Iterator[Member]:
    """Give a real Hazelcast member of the module's own; tests that kill it start it again."""
    require_member()
    running = Member()
    yield running
    running.close()
