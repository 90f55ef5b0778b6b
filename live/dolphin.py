"""The command `dolphin`: a new folder to begin with, and every other command by its name."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from adapters.command.terminal import say
from dolphin_strategies.errors import DolphinError, did_you_mean
from live.new_folder.folder_files import make_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

HELP: Final = """\
usage: dolphin init FOLDER
       dolphin COMMAND [options]

Begin a folder of your own, or run any program of this project by its name.

init makes a new folder: a strategy, its test, settings and a README, all of which run.
COMMAND is a script of `live` or `backtests`, which gets the options as they are.

examples:
  dolphin init my_strategy              then read my_strategy/README.md
  dolphin run_node --config node.toml   as `live/run_node.py --config node.toml`
  dolphin run_backtest --help

exit codes: 0 the folder is made; 2 bad usage, or a folder that is not empty; else the program's.
"""
BAD_USAGE: Final = 2
PLACES: Final = ("live", "backtests")


def scripts() -> dict[str, Path]:
    """Return every command's script by its name."""
    found: dict[str, Path] = {}
    for place in PLACES:
        spec = find_spec(place)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            found |= {path.stem: path for path in sorted(Path(folder).glob("[!_]*.py"))}
    found.pop("dolphin", None)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code, unless another script takes this process over."""
    name, *rest = [*(sys.argv[1:] if arguments is None else arguments), ""][:-1] or ["--help"]
    if name in {"-h", "--help"}:
        say(HELP.rstrip())
        say("\ncommands: init, " + ", ".join(scripts()))
        return 0
    if name != "init":
        known = scripts()
        path = known.get(name.removesuffix(".py"))
        if path is not None:
            _run_script(path, rest)
        near = did_you_mean(name, ["init", *known])
        say(f"dolphin: no command {name!r}{near}; dolphin --help lists them", to=sys.stderr)
        return BAD_USAGE
    if rest[:1] in (["-h"], ["--help"]):
        say(HELP.rstrip())
        return 0
    if len(rest) != 1 or rest[0].startswith("-"):
        say(f"dolphin: init: expected one FOLDER, found {' '.join(rest) or 'none'}", to=sys.stderr)
        return BAD_USAGE
    try:
        made = make_folder(Path(rest[0]))
    except (DolphinError, OSError) as error:
        say(f"dolphin: init: {error}", to=sys.stderr)
        return BAD_USAGE
    say(f"made {rest[0]}: {', '.join(made)}")
    say(f"next: cd {rest[0]} && uv run pytest && uv run dolphin run_node --config node.toml")
    return 0


def _run_script(path: Path, rest: Sequence[str]) -> NoReturn:
    # In this process: signals, exit codes and the terminal are the script's own.
    os.execv(sys.executable, [sys.executable, str(path), *rest])  # noqa: S606 - no shell


if __name__ == "__main__":
    sys.exit(main())
