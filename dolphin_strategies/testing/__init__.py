"""Testing: an author's own tests of a strategy, with factors and prices and without files."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dolphin_strategies.testing.instruments import perpetual
    from dolphin_strategies.testing.strategy_harness import StrategyHarness

__all__ = ["StrategyHarness", "perpetual"]

# Hidden from type checkers. On first use: pytest imports the plugin beside in every run, which
# must not load NautilusTrader.
if not TYPE_CHECKING:
    _HOMES = {"StrategyHarness": "strategy_harness", "perpetual": "instruments"}

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
