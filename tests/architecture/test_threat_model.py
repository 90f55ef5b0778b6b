"""The threat model: each of its lines names the tests that show it."""

from __future__ import annotations

from typing import Final

import pytest

from tests.architecture.faults import find, links_of
from tests.architecture.modules import ROOT

PAGE: Final = ROOT / "docs" / "threat_model.md"
HEAD: Final = "| actor | could try | what stops it | shown by |"


def lines() -> list[str]:
    """Return the rows of the tables of actors."""
    found: list[str] = []
    is_inside = False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        is_inside = line == HEAD or (is_inside and line.startswith("|"))
        if is_inside and line != HEAD and not line.startswith("|---"):
            found.append(line)
    return found


def test_the_page_has_the_actors() -> None:
    """Whoever removes a table notices."""
    assert len(lines()) > 35
    assert PAGE.read_text(encoding="utf-8").count(HEAD) == 7


@pytest.mark.parametrize("line", lines(), ids=lambda line: line.split("|")[2].strip()[:50])
def test_a_line_names_tests_that_exist(line: str) -> None:
    """At least one each, in the file that it links to."""
    assert line.count(" | ") == 3
    links = links_of(line)
    assert links
    assert not [f"{file} has no {name}" for name, file in links if find(name, file) is None]
