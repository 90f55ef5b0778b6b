"""An exchange for each test of real orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.exchange.local_exchange import local_exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.exchange.local_exchange import LocalExchange


@pytest.fixture
def exchange() -> Iterator[LocalExchange]:
    """Serve an exchange for one test."""
    with local_exchange() as running:
        yield running
