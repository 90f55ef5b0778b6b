"""The pages of ``docs/programs``, made of what each program prints for ``--help``."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from docs.site.assembly import ROOT
from docs.site.programs import (
    Program,
    commands_of,
    exit_codes_of,
    programs,
    sentence_of,
)

if TYPE_CHECKING:
    from pathlib import Path

FOLDER: Final = ROOT / "docs" / "programs"
INDEX: Final = FOLDER / "index.md"
MADE: Final = "<!-- made by python -m docs.site.generated: do not edit -->\n"
_PAGE: Final = re.compile(r"docs/(?P<page>\w+\.md)")
_AT_ONCE: Final = 2


def page_of(program: Program, text: str, own: dict[str, str]) -> str:
    """Return the page of a program.

    Parameters
    ----------
    program : Program
        Whose page.
    text : str
        What its ``--help`` prints.
    own : dict of str to str
        By command, what that command's ``--help`` prints.

    """
    parts = [MADE, f"# {program.name}\n", f"{sentence_of(text)}\n"]
    parts.append(f"```bash\nuv run {program.shown} --help\n```\n")
    parts.append(f"```text\n{text.rstrip()}\n```\n")
    for command, printed in own.items():
        parts.append(f"## {program.name} {command}\n\n```text\n{printed.rstrip()}\n```\n")
    codes = exit_codes_of(text)
    if codes:
        rows = "\n".join(f"| {code} | {meaning} |" for code, meaning in codes.items())
        parts.append(f"## Exit codes\n\n| code | when |\n|---|---|\n{rows}\n")
    named = dict.fromkeys(_PAGE.findall("\n".join([text, *own.values()])))
    links = [f"[docs/{page}](../{page})" for page in named]
    parts.append("## Read on\n\n" + ", ".join([*links, "[all programs](index.md)"]) + ".\n")
    return "\n".join(parts)


def index_of(pages: dict[Program, str]) -> str:
    """Return the page that lists all programs.

    Parameters
    ----------
    pages : dict of Program to str
        By program, what its ``--help`` prints.

    """
    rows = [
        f"| [{program.name}]({program.name}.md) | `uv run {program.shown}` | {sentence_of(text)} |"
        for program, text in pages.items()
    ]
    return "\n".join([
        MADE,
        "# Programs\n",
        "Each program explains itself with `--help`; these pages are what it prints. A program is",
        "started from the project's folder as shown, or by its name as `dolphin NAME`",
        "([dolphin](dolphin.md)). Bad usage and bad settings end every program with the code 2.",
        "Colour and progress bars appear on a terminal only; `NO_COLOR=1` turns colour off, and",
        "`TERM=dumb` both. Elsewhere progress is a line each ten seconds, on standard error.",
        "Output may be cut, as by `| head -1`.",
        "The fields of what `--json` prints are in [json.md](../json.md).\n",
        'A tab completes programs, options and values, after `uv run` too, once `eval "$(uv run',
        'dolphin completion bash)"` is in `~/.bashrc`; likewise with `zsh` in `~/.zshrc`, and in',
        "fish with `uv run dolphin completion fish | source`.\n",
        "| program | command | what it does |",
        "|---|---|---|",
        *rows,
        "",
    ])  # fmt: skip


def texts_of(program: Program) -> tuple[str, dict[str, str]]:
    """Return what a program prints for ``--help``, and what its commands print."""
    text = program.help()
    return text, {command: program.help(command) for command in commands_of(program, text)}


def program_pages() -> dict[Path, str]:
    """Return every page of programs by its path; each program runs once or more."""
    known = programs()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        texts = dict(zip(known, pool.map(texts_of, known), strict=True))
    pages = {FOLDER / f"{program.name}.md": page_of(program, *of) for program, of in texts.items()}
    return {INDEX: index_of({p: text for p, (text, _) in texts.items()}), **pages}
