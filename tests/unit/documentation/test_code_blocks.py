"""Every code block of every page: it compiles, it parses, and its commands and options exist."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
import tomllib
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from docs.site.assembly import ROOT, page_files
from docs.site.program_pages import FOLDER
from docs.site.programs import programs

if TYPE_CHECKING:
    from pathlib import Path

PAGES: Final = page_files()
OURS: Final = ("dolphin_strategies", "adapters", "backtests", "live")
LANGUAGES: Final = {
    "",
    "bash",
    "c",
    "java",
    "json",
    "promql",
    "python",
    "rust",
    "text",
    "toml",
    "yaml",
}
_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_OPTION: Final = re.compile(r"(?<![\w-])--[a-z][\w-]*")
PROGRAMS: Final = {p.shown if p.path.startswith("-m ") else p.path: p for p in programs()}


def blocks_of(page: Path, language: str) -> list[str]:
    """Return the code blocks of a language on a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [code for found, code in _BLOCK.findall(text) if found == language]


def with_blocks(language: str) -> list[Path]:
    """Return the pages that have blocks of a language."""
    found = [page for page in PAGES if blocks_of(page, language)]
    assert found, f"no page has {language}: the test would prove nothing"
    return found


def commands_of(block: str) -> list[str]:
    """Return the commands of a block of bash, with continued lines joined, without comments."""
    lines = block.replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def options_of(program: str) -> set[str]:
    """Return the options that a program explains on its page."""
    text = (FOLDER / f"{program}.md").read_text(encoding="utf-8")
    return set(_OPTION.findall(text))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_block_is_of_a_known_language_and_closed(page: Path) -> None:
    """A fence that is not closed, or a language that nothing checks, is refused."""
    fences = re.findall(r"^```(.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert len(fences) % 2 == 0
    assert set(fences[::2]) <= LANGUAGES
    assert set(fences[1::2]) <= {""}


@pytest.mark.parametrize("page", with_blocks("python"), ids=str)
def test_python_compiles_and_imports_what_there_is(page: Path) -> None:
    """Each name that a block imports from this project is there."""
    for code in blocks_of(page, "python"):
        tree = ast.parse(code)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS):
                module = importlib.import_module(str(node.module))
                for alias in node.names:
                    assert hasattr(module, alias.name), f"{page}: {ast.unparse(node)}"


@pytest.mark.parametrize("page", with_blocks("toml"), ids=str)
def test_toml_parses(page: Path) -> None:
    """What programs read of it is tested with each program."""
    for code in blocks_of(page, "toml"):
        assert tomllib.loads(code)


def test_json_and_yaml_parse() -> None:
    """Of every page."""
    for page in PAGES:
        for code in blocks_of(page, "json"):
            assert json.loads(code)
        for code in blocks_of(page, "yaml"):
            assert yaml.safe_load(code)


@pytest.mark.parametrize("page", with_blocks("bash"), ids=str)
def test_commands_and_their_options_exist(page: Path) -> None:
    """A script that is not there, or an option that it does not explain, is refused."""
    for block in blocks_of(page, "bash"):
        for command in commands_of(block):
            for path, program in PROGRAMS.items():
                if not re.search(rf"(?<![\w/.]){re.escape(path)}(?![\w.])", command):
                    continue
                after = command.partition(path)[2].partition(" | ")[0].partition(" && ")[0]
                unknown = set(_OPTION.findall(after)) - options_of(program.name)
                assert not unknown, f"{page}: {command}"
            for word in re.findall(
                r"(?<![\w/.])(?:live|backtests|docs|tests)/[\w/]+\.\w+", command
            ):
                assert (ROOT / word).exists(), f"{page}: {command}"
            if not command.endswith(("EOF", "{")):
                shlex.split(command, comments=True)


def test_an_option_that_does_not_exist_would_be_found() -> None:
    """The check itself: options are read from pages, whole words only."""
    assert "--config" in options_of("run_node")
    assert "--confi" not in options_of("run_node")
    assert _OPTION.findall("x.py --a-b c-d --e") == ["--a-b", "--e"]
