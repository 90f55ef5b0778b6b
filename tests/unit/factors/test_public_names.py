"""What ``dolphin_strategies`` offers, and that each name is loaded when it is asked for."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

import dolphin_strategies

LOADED: Final = """
import sys
import {module}

print("nautilus_trader" in sys.modules)
"""


@pytest.mark.parametrize(
    ("module", "loads"),
    [
        ("dolphin_strategies.errors", False),
        ("dolphin_strategies", False),
        ("dolphin_strategies.factor_strategy", True),
    ],
)
def test_errors_come_without_nautilus(module: str, loads: bool) -> None:  # noqa: FBT001
    """Whoever needs only the errors does not load the trading system."""
    result = subprocess.run(
        [sys.executable, "-c", LOADED.format(module=module)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, f"{loads}\n"), result.stderr


def test_every_public_name_is_there() -> None:
    """Each is found by attribute, by star and by ``dir``; what loads them names no others."""
    scope: dict[str, object] = {}
    exec("from dolphin_strategies import *", scope)  # noqa: S102 - the statement is what is tested
    for name in dolphin_strategies.__all__:
        assert scope[name] is getattr(dolphin_strategies, name)
        assert name in dir(dolphin_strategies)
    assert sorted(vars(dolphin_strategies)["_MODULE_OF"]) == sorted(dolphin_strategies.__all__)


def test_a_misspelt_name_is_an_import_error() -> None:
    """As in any module."""
    with pytest.raises(ImportError, match="FactorStrateggy"):
        exec("from dolphin_strategies import FactorStrateggy", {})  # noqa: S102
    assert not hasattr(dolphin_strategies, "FactorStrateggy")


@pytest.mark.parametrize(
    "module", ["arrow", "batch", "external_factors", "nautilus_type", "schema", "source"]
)
def test_each_module_of_the_factors_can_be_imported_first(module: str) -> None:
    """No module needs another one to be loaded before it."""
    code = f"import dolphin_strategies.factors.{module}"
    subprocess.run([sys.executable, "-c", code], timeout=240, check=True)
