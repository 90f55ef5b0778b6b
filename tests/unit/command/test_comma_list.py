"""Lists with commas on the command line: no empty entry is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from adapters.command.comma_list import comma_list
from backtests.run import command_line
from dolphin_strategies.errors import ConfigError
from live.exf import arguments, commands
from live.node.settings import node_options

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS: Final[dict[str, tuple[Callable[[str], object], str]]] = {
    "run_exf.py": (
        lambda text: commands.settings_of(arguments.parse(["check", f"--venues={text}"])),
        "--venues",
    ),
    "run_node.py": (
        lambda text: node_options.settings_of(node_options.parse([f"--compute-venues={text}"])),
        "--compute-venues",
    ),
    "run_backtest.py": (
        lambda text: command_line.settings_of(
            command_line.parse(["--catalog", "x", f"--show={text}"])
        ),
        "--show",
    ),
}


@pytest.mark.parametrize("text", [",", "bybit,", ",bybit", "bybit,,okx", " ,okx"])
@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_entry_is_refused_by_every_command(command: str, text: str) -> None:
    """It would ask all venues where the user meant some, or pass over a lost name."""
    read, option = COMMANDS[command]
    with pytest.raises(ConfigError, match=f"{option}: expected names .* found {text!r}"):
        read(text)


def test_spaces_around_an_entry_are_no_part_of_it() -> None:
    """As a shell's user writes it in quotes."""
    assert comma_list("--venues", "bybit, okx") == ["bybit", "okx"]
    with pytest.raises(ConfigError):
        comma_list("--venues", "")
