"""Every class of computed factors can be built, and none is left out of the table."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dolphin_strategies.computed import classes
from dolphin_strategies.computed.computed_factor import ComputedFactor
from dolphin_strategies.computed.spec import CLASSES
from tests.support.computed.events import PERPETUAL, START_NS, Quote, data_of, perpetual

if TYPE_CHECKING:
    import pytest

BASES = {"ComputedFactor", "WindowFactor", "WithinFactor", "LiquidationFactor", "ConsensusFactor"}


PAGE: Final = Path(__file__).parents[3] / "docs" / "computed.md"
SAME: Final = "`window_s`, `sample_s`, `annualised`"


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


def test_the_page_lists_every_class_with_its_parameters() -> None:
    """An author finds in docs/computed.md what the class takes."""
    rows = {
        cells[1].strip("` "): cells[3]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `") and len(cells := line.split("|")) == 7
    }
    assert list(rows) == list(CLASSES)
    for name, made in CLASSES.items():
        keywords = {
            parameter.name
            for parameter in inspect.signature(made).parameters.values()
            if parameter.kind == parameter.KEYWORD_ONLY
        }
        if made.__init__ is ComputedFactor.__init__:
            keywords = set()
        named = set(re.findall(r"`(\w+)", rows[name].replace("the same", SAME)))
        assert named == keywords, name


def test_the_example_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """With an instrument and data of its own."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    quote = Quote(START_NS, PERPETUAL, 100.0, 102.0, 3.0, 1.0, START_NS)
    exec(code, {"instrument": perpetual(), "market_data": [data_of(quote)]})  # noqa: S102
    assert capsys.readouterr().out == "{'imbal_btc': 0.5, 'flow_btc_60s': nan}\n"
