"""The exchange that the tests of recent weeks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.exchange.local_exchange import local_exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.exchange.local_exchange import LocalExchange


@pytest.fixture(scope="module")
def exchange() -> Iterator[LocalExchange]:
    """Give a local exchange to the tests of a module, one after another."""
    with local_exchange() as running:
        yield running
