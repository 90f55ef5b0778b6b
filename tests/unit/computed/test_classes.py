"""Every class of computed factors can be built, and none is left out of the table."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from dolphin_strategies.computed import classes
from dolphin_strategies.computed.computed_factor import ComputedFactor
from dolphin_strategies.computed.spec import CLASSES

BASES = {"ComputedFactor", "WindowFactor", "WithinFactor", "LiquidationFactor", "ConsensusFactor"}


def test_the_table_has_every_class() -> None:
    """A class that no configuration could name would be of no use."""
    found = set()
    for module in pkgutil.iter_modules(classes.__path__, f"{classes.__name__}."):
        members = inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        found |= {name for name, member in members if issubclass(member, ComputedFactor)}
    assert found - BASES == set(CLASSES)


def test_every_class_states_when_it_is_warm() -> None:
    """Its docstring, or that of what it refers to, is what an author reads."""
    for name, made in CLASSES.items():
        assert "arm" in "".join(c.__doc__ or "" for c in made.__mro__[:2]), name
