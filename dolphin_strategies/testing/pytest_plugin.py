"""The pytest plugin: a fixture that drives strategies, in every environment with Dolphin in it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dolphin_strategies import FactorStrategy
    from dolphin_strategies.testing.strategy_harness import StrategyHarness


@pytest.fixture
def strategy_harness() -> Iterator[Callable[..., StrategyHarness]]:
    """Make harnesses, with the parameters of StrategyHarness; they are closed after the test."""
    # Here, so that pytest does not load NautilusTrader for tests that need none.
    from dolphin_strategies.testing.strategy_harness import StrategyHarness  # noqa: PLC0415

    with ExitStack() as harnesses:

        def make(strategy: FactorStrategy[Any], **options: Any) -> StrategyHarness:
            return harnesses.enter_context(StrategyHarness(strategy, **options))

        yield make
