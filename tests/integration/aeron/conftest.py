"""A media driver that a test may end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.aeron.media_driver import DriverProcess, require_aeron

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def own_driver() -> Iterator[DriverProcess]:
    """Give a media driver of the test's own."""
    require_aeron()
    running = DriverProcess()
    yield running
    running.stop()
