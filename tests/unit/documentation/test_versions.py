"""The page of versions states what the project's own files state."""

from __future__ import annotations

import re
import tomllib
from typing import Final

from docs.site.assembly import ROOT

PAGE: Final = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ROWS: Final = dict(re.findall(r"^\| ([A-Z][^|]*?) \| ([^|]+?) \| [^|]+ \|$", PAGE, re.MULTILINE))


def pinned(name: str) -> str:
    """Return the version of a dependency in pyproject.toml."""
    wanted = next(d for d in PROJECT["dependencies"] if d.startswith(name))
    return re.split(r"[=~>]+", wanted)[1]


def test_the_tested_python_is_the_one_of_the_project() -> None:
    """The least that pyproject.toml takes is the one that the tests run on."""
    oldest = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert ROWS["Python"] == oldest
    assert PROJECT["requires-python"] == f">={oldest}"


def test_the_pins_are_those_of_the_project() -> None:
    """NautilusTrader exactly; of Hazelcast's client the series."""
    assert ROWS["NautilusTrader"] == f"{pinned('nautilus_trader')}, pinned"
    assert ROWS["Hazelcast client"].startswith(pinned("hazelcast-python-client")[:3] + ", pinned")
