"""The command `dolphin`: a new folder to begin with, and every other command by its name."""

from __future__ import annotations

import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from adapters.command.terminal import say
from adapters.process.bounded_lines import STDOUT
from adapters.process.child import module_command
from adapters.process.stop_signals import LEFT_AT_ONCE, STOP_SIGNALS, leave_at_stop_signals
from dolphin_strategies.errors import DolphinError, did_you_mean
from live.new_folder.folder_files import UnwritableFolderError, make_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

HELP: Final = """\
usage: dolphin init FOLDER
       dolphin completion bash|zsh|fish
       dolphin COMMAND [options]

Begin a folder of your own, or run any program of this project by its name.

init makes a new folder: a strategy, its test, settings and a README, all of which run.
completion prints what makes a shell complete commands and options, after `uv run` too.
COMMAND is a script of `live` or `backtests`, which gets the options as they are, or `catalog` or
`region_headers`.

examples:
  dolphin init my_strategy              then read my_strategy/README.md
  dolphin run_node --config node.toml   as `live/run_node.py --config node.toml`
  dolphin run_backtest --help
  dolphin catalog recordings verify     every file against its journal
  eval "$(uv run dolphin completion bash)"   in ~/.bashrc; likewise for zsh in ~/.zshrc
  uv run dolphin completion fish | source    in ~/.config/fish/config.fish

exit codes: 0 the folder is made, or the completion is printed; 1 it cannot be written; 2 bad
usage, or a folder that is not empty; 130 ended by a signal; else the program's.
"""
FAILED: Final = 1
BAD_USAGE: Final = 2
OWN: Final = ("init", "completion")
SHELLS: Final = ("bash", "zsh", "fish")
PLACES: Final = ("live", "backtests")
MODULES: Final = {"catalog": "adapters.catalog", "region_headers": "adapters.shm.native"}
"""Programs that are no script, by name."""


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
    if arguments is None:
        leave_at_stop_signals("dolphin", LEFT_AT_ONCE)
    name, *rest = [*(sys.argv[1:] if arguments is None else arguments), ""][:-1] or ["--help"]
    if name in {"-h", "--help"}:
        say(HELP.rstrip())
        say("\ncommands: " + ", ".join([*OWN, *sorted([*scripts(), *MODULES])]))
        return 0
    if name not in OWN:
        known = scripts()
        path = known.get(name.removesuffix(".py"))
        if path is not None:
            _run([sys.executable, str(path), *rest])
        if name in MODULES:
            _run(module_command(MODULES[name], *rest))
        near = did_you_mean(name, [*OWN, *known, *MODULES])
        say(f"dolphin: no command {name!r}{near}; dolphin --help lists them", to=sys.stderr)
        return BAD_USAGE
    if rest[:1] in (["-h"], ["--help"]):
        say(HELP.rstrip())
        return 0
    return _completion(rest) if name == "completion" else _init(rest)


def _init(rest: Sequence[str]) -> int:
    if len(rest) != 1 or rest[0].startswith("-"):
        say(f"dolphin: init: expected one FOLDER, found {' '.join(rest) or 'none'}", to=sys.stderr)
        return BAD_USAGE
    # A few small files: a stop waits for them, and leaves no half of a folder.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        made = make_folder(Path(rest[0]))
    except UnwritableFolderError as error:
        say(f"dolphin: init: {error}", to=sys.stderr)
        return FAILED
    except (DolphinError, OSError) as error:
        say(f"dolphin: init: {error}", to=sys.stderr)
        return BAD_USAGE
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    say(f"made {rest[0]}: {', '.join(made)}")
    say(f"next: cd {rest[0]} && uv run pytest && uv run dolphin run_node --config node.toml")
    return 0


def _completion(rest: Sequence[str]) -> int:
    if len(rest) != 1 or rest[0] not in SHELLS:
        found = " ".join(rest) or "none"
        expected = f"expected one of {', '.join(SHELLS)}, found {found}"
        say(f"dolphin: completion: {expected}", to=sys.stderr)
        return BAD_USAGE
    left = Path(__file__).with_name("completion").joinpath(f"dolphin.{rest[0]}").read_bytes()
    try:
        # As it is: `say` would escape what it has for the shell.
        while left:
            left = left[os.write(STDOUT, left) :]
    except OSError as error:
        say(f"dolphin: completion: cannot be written: {error}", to=sys.stderr)
        return FAILED
    return 0


def _run(words: list[str]) -> NoReturn:
    # In this process: signals, exit codes and the terminal are the program's own.
    os.execv(words[0], words)  # noqa: S606 - no shell


if __name__ == "__main__":
    sys.exit(main())
