"""A catalog of a market, and a file of factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.computing.commands import table, write_market
from tests.integration.computing.market import specs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Return a catalog of quotes and trades, several at some instants."""
    return write_market(tmp_path / "catalog", 400)


@pytest.fixture
def factors(tmp_path: Path) -> Path:
    """Return a file of the factors of the market's specs."""
    path = tmp_path / "factors.toml"
    path.write_text("\n".join(table(s) for s in specs()), encoding="utf-8")
    return path
