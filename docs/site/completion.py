"""The completion of shells, made of the parsers of all programs: files of ``live/completion``."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any, Final, NoReturn
from unittest import mock

import shtab

from docs.site.assembly import ROOT
from docs.site.programs import Program, programs
from live.dolphin import SHELLS

FOLDER: Final = ROOT / "live" / "completion"
MADE: Final = "# Made by python -m docs.site.generated: do not edit."
OF_UV: Final = ROOT / "docs" / "site" / "completion_of_uv"
"""What completes ``uv run``, by shell."""
_ZSH: Final = "\ncompdef _shtab_dolphin -N dolphin"
_MAINS: Final = {
    "run_node": "live.node.node_command",
    "catalog": "adapters.catalog.__main__",
    "region_headers": "adapters.shm.native.__main__",
}
"""Where a program's ``main`` is, if not in its script."""
_FOLDERS: Final = ("DIR", "FOLDER", "RUN")
"""Metavars of options that take a folder; every other path is that of a file."""


class _FoundError(Exception):
    """Carries the parser that a program would have used."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__()
        self.parser: Final = parser


def parser_of(program: Program) -> argparse.ArgumentParser:
    """Return the parser with which a program reads its command line.

    Raises
    ------
    RuntimeError
        If it makes none.

    """
    name = _MAINS.get(program.name) or program.path.removesuffix(".py").replace("/", ".")

    def found(parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        raise _FoundError(parser)

    with (
        mock.patch.object(argparse.ArgumentParser, "parse_args", found),
        mock.patch.object(argparse.ArgumentParser, "parse_intermixed_args", found),
    ):
        try:
            importlib.import_module(name).main([])
        except _FoundError as error:
            return error.parser
    msg = f"{name}.main: expected a parser of the command line, found none"
    raise RuntimeError(msg)


def whole_parser() -> argparse.ArgumentParser:
    """Return one parser: ``dolphin`` with every program as a command."""
    whole = argparse.ArgumentParser(prog="dolphin")
    commands = whole.add_subparsers()
    init = commands.add_parser("init", help="make a new folder of your own")
    init.add_argument("folder", type=Path, metavar="FOLDER")
    completion = commands.add_parser("completion", help="print the completion of a shell")
    completion.add_argument("shell", choices=SHELLS)
    for program in programs():
        if program.name == "dolphin":
            continue
        parser = parser_of(program)
        commands.add_parser(program.name, help=parser.description)
        commands.choices[program.name] = parser
    _complete_paths(whole)
    return whole


def completions() -> dict[Path, str]:
    """Return the text of each shell's completion by the path of its file."""
    whole = whole_parser()
    names = " ".join(program.name for program in programs() if program.name != "dolphin")
    return {FOLDER / f"dolphin.{shell}": _text(whole, shell, names) for shell in SHELLS}


def _text(whole: argparse.ArgumentParser, shell: str, names: str) -> str:
    of_uv = (OF_UV / f"uv.{shell}").read_text(encoding="utf-8").replace("PROGRAMS", names)
    own = shtab.complete(whole, shell).rstrip()
    # Zsh's is completion by autoload as well, which has no place for a second function.
    own = own.partition("\nif [[ $zsh_eval_context")[0] + _ZSH if shell == "zsh" else own
    return f"{MADE}\n{own}\n{of_uv}"


def _complete_paths(parser: argparse.ArgumentParser) -> None:
    for action in parser._actions:  # noqa: SLF001 - as shtab reads them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for own in action.choices.values():
                _complete_paths(own)
        elif action.type is Path:
            words = action.metavar if isinstance(action.metavar, str) else ""
            is_folder = any(word in words for word in _FOLDERS)
            action.complete = shtab.DIRECTORY if is_folder else shtab.FILE  # type: ignore[attr-defined]
