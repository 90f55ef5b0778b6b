"""The exchange and the factors that the service's tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.exchange.local_exchange import local_exchange
from tests.support.exchange.registries import packaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.exf.registry.factor_registry import FactorRegistry
    from tests.support.exchange.local_exchange import LocalExchange


@pytest.fixture(scope="module")
def exchange() -> Iterator[LocalExchange]:
    """Give a local exchange to the tests of a module, one after another."""
    with local_exchange() as running:
        yield running


@pytest.fixture
def registry() -> FactorRegistry:
    """Give the factors of two venues."""
    return packaged().only_venues(["binance_usdm", "binance_spot"])
