"""The error of a missing extra."""

from __future__ import annotations

import sys

import pytest

from backtests.run.research_extra import check_research_extra
from dolphin_strategies.errors import ConfigError


def test_what_is_installed_is_accepted_and_not_loaded() -> None:
    """A command checks before it imports."""
    sys.modules.pop("this", None)
    check_research_extra("sweep.py", "this", "json")
    assert "this" not in sys.modules


def test_what_is_missing_is_named_with_the_command_that_installs_it() -> None:
    """Only what is missing is named as missing."""
    with pytest.raises(ConfigError, match=r"found no no_such; use: uv run --extra research back"):
        check_research_extra("sweep.py", "json", "no_such")
