"""The page of faults and figures: complete, and true of the tests that it names."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.architecture.faults import IDS, all_tests, find, links_of
from tests.architecture.modules import ROOT
from tests.proof.registry import PROOFS

PAGE: Final = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
FIGURES: Final = [f"R{n}" for n in range(1, 14)]
NO_TEST: Final = "no test: "
NOT_MEASURED: Final = "not measured yet"


def rows(first: str) -> list[list[str]]:
    """Return the cells of the rows of tables whose first cell is like the pattern."""
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in PAGE.splitlines()
        if line.startswith("| ")
    ]
    return [row for row in cells if re.fullmatch(first, row[0])]


FAULTS: Final = {row[0]: row for row in rows(r"[A-H]\d\d")}


def test_every_fault_has_its_row() -> None:
    """Once, in order, with a fault and an expected behaviour."""
    assert [row[0] for row in rows(r"[A-H]\d\d")] == IDS
    assert all(len(row) == 4 and all(row) for row in FAULTS.values())


@pytest.mark.parametrize("fault", IDS)
def test_a_row_names_tests_that_show_the_fault(fault: str) -> None:
    """Each exists, and its docstring begins with the fault; or the reason why there is none."""
    shown_by = FAULTS[fault][3]
    links = links_of(shown_by)
    assert links or shown_by.startswith(NO_TEST)
    wrong = []
    for name, file in links:
        test = find(name, file)
        if test is None:
            wrong.append(f"{file} has no {name}")
        elif fault not in test.faults:
            wrong.append(f"{name}: expected 'Fault {fault}: …', found {test.sentence[:40]!r}")
    assert not wrong


def test_no_test_claims_a_fault_that_is_none() -> None:
    """A typing error in an id would show nothing."""
    tests = [test for named in all_tests().values() for test in named]
    assert not [t.name for t in tests if not set(t.faults) <= set(IDS)]


def test_every_figure_has_its_row() -> None:
    """R1 to R13: what, the reach, the command, and what it printed last, where and when."""
    found = rows(r"R\d+")
    assert [row[0] for row in found] == FIGURES
    assert all(len(row) == 6 and all(row) for row in found)


@pytest.mark.parametrize("figure", FIGURES)
def test_the_command_of_a_figure_runs_a_proof(figure: str) -> None:
    """The registry has it; a figure that nobody has measured yet may be ahead of its proof."""
    (row,) = [row for row in rows(r"R\d+") if row[0] == figure]
    named = re.findall(r"python -m tests\.proof ([a-z_ ]+?)(?: --|`)", row[3])
    assert named
    unknown = [name for names in named for name in names.split() if name not in PROOFS]
    assert not unknown or row[4] == NOT_MEASURED
