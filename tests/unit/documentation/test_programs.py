"""Every program explains itself, wherever it is asked, and its page is what it says."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

import pytest

from docs.site.program_pages import FOLDER, INDEX, page_of
from docs.site.programs import commands_of, exit_codes_of, programs, sentence_of

if TYPE_CHECKING:
    from pathlib import Path

    from docs.site.programs import Program

LEAST_EXAMPLES: Final = 3
PROGRAMS: Final = programs()


def bare_environment() -> dict[str, str]:
    """Return what a service manager gives: no HOME, no terminal, no language."""
    return {"PATH": os.environ["PATH"], "FORCE_COLOR": "1", "NO_COLOR": "1"}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_help_is_the_page_anywhere(program: Program, tmp_path: Path) -> None:
    """Without HOME, in another folder and into a pipe it prints its page, without colour; it has
    examples that name it, and exit codes.
    """
    empty = tmp_path / "empty"
    empty.mkdir()
    text = program.help(cwd=empty, env=bare_environment())
    assert "\x1b" not in text
    assert list(empty.iterdir()) == []
    assert "0" in exit_codes_of(text)
    examples = text.partition("examples:\n")[2].partition("\n\n")[0].splitlines()
    assert len([line for line in examples if line.startswith("  ")]) >= LEAST_EXAMPLES
    own = {command: program.help(command) for command in commands_of(program, text)}
    page = (FOLDER / f"{program.name}.md").read_text(encoding="utf-8")
    assert page == page_of(program, text, own), "uv run python -m docs.site.generated"


def test_the_index_lists_every_program_and_no_other() -> None:
    """One row a program, with its sentence as its own page has it."""
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| `uv run (.+?)` \| (.+) \|$",
                      INDEX.read_text(encoding="utf-8"), re.MULTILINE)  # fmt: skip
    assert [row[0] for row in rows] == [program.name for program in PROGRAMS]
    for (name, page, shown, sentence), program in zip(rows, PROGRAMS, strict=True):
        text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
        assert shown == program.shown
        assert sentence == sentence_of(text.partition("```text\n")[2]), name
    assert {path.stem for path in FOLDER.glob("*.md")} == {"index", *(p.name for p in PROGRAMS)}


def test_exit_codes_are_read_from_the_sentence() -> None:
    """Semicolons and commas separate codes; a comma or number inside a meaning does not."""
    text = (
        "x\n\nexit codes: 0 done, all of it; 1 no answer in 2 tries; 130 left by a signal.\n"
        "more: 3 no"
    )
    assert exit_codes_of(text) == {
        "0": "done, all of it",
        "1": "no answer in 2 tries",
        "130": "left by a signal",
    }
    assert exit_codes_of("usage: x") == {}
