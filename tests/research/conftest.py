"""Skip what needs the extra where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

_HERE: Final = Path(__file__).parent
_NEEDED: Final = ("alphalens", "arch", "hmmlearn", "optuna", "ray", "scipy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder as skipped, with what is missing."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if not missing:
        return
    reason = (
        f"needs {', '.join(missing)}: uv run --extra research --group peers pytest tests/research"
    )
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))
