"""Fixtures that every test may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.regions import new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def region_path() -> Iterator[Path]:
    """Give a region path of the test's own, and remove everything there afterwards."""
    path = new_region_path()
    yield path
    remove_all_of(path)
