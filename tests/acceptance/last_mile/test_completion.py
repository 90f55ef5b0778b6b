"""Completion in real shells: what a user gets for a tab, after ``dolphin`` and ``uv run`` too."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import pytest

from docs.site.completion import FOLDER, completions
from docs.site.programs import commands_of, programs
from live.dolphin import SHELLS
from tests.support.eventually import eventually
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from docs.site.programs import Program

TIMEOUT_S: Final = 120.0
INTERACTIVE: Final = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-f", "-i"),
    "fish": ("fish", "--no-config", "-i"),
}
_POSIX: Final = "source {file}; uv() {{ printf '<%s>' \"$@\"; }}; echo READY$((40 + 2))"
BEGIN: Final = {
    "bash": _POSIX,
    "zsh": f"autoload -Uz compinit; compinit -u -D; {_POSIX}",
    "fish": "source {file}; function uv; printf '<%s>' $argv; end; echo READY(math 40 + 2)",
}
"""Reads the completion and puts what shows its arguments in uv's place."""
TYPED: Final = {
    "live/run_node.py --source x --synth":
        "<run><live/run_node.py><--source><x><--synthetic-quotes>",
    "dolphin run_exf status --js": "<run><dolphin><run_exf><status><--json>",
    "--extra research backtests/sweep.py --tri":
        "<run><--extra><research><backtests/sweep.py><--trials>",
    "python -m adapters.catalog x veri":
        "<run><python><-m><adapters.catalog><x><verify>",
}  # fmt: skip
"""What is typed after ``uv run`` before the tab, and the words that uv gets then."""
PROGRAMS: Final = [program for program in programs() if program.name != "dolphin"]
_CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")
"""What a terminal would not show."""
_OPTION: Final = re.compile(r"(?<![\w-])--[a-z][\w-]*")


def page_of(program: Program) -> str:
    """Return the text of a program's page."""
    return (ROOT / "docs" / "programs" / f"{program.name}.md").read_text(encoding="utf-8")


def completed(*lines: tuple[str, ...]) -> list[list[str]]:
    """Return what a bash offers for the last word of each line."""
    script = [f"source {FOLDER}/dolphin.bash"]
    for words in lines:
        quoted = " ".join(f"'{word}'" for word in words)
        script += [
            f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; COMPREPLY=()",
            "if [[ ${COMP_WORDS[0]} == uv ]]; then _dolphin_uv; else _shtab_dolphin; fi",
            'printf "%s " "${COMPREPLY[@]}"; printf "\\n"',
        ]
    result = subprocess.run(
        ["bash", "-c", "\n".join(script)],  # noqa: S607 - the one of the user
        check=True, capture_output=True, text=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    assert result.stderr == ""
    return [line.split() for line in result.stdout.splitlines()]


def test_the_files_are_what_the_parsers_say() -> None:
    """An option that a program has got since would not be completed."""
    for path, text in completions().items():
        assert path.read_text(encoding="utf-8") == text, "uv run python -m docs.site.generated"


def test_dolphin_completes_every_program_and_its_own_commands() -> None:
    """The first word; and what `completion` prints is the file."""
    [found] = completed(("dolphin", ""))
    assert sorted(found) == sorted(["init", "completion", *(p.name for p in PROGRAMS)])
    for shell in SHELLS:
        printed = subprocess.run(
            [sys.executable, str(ROOT / "live" / "dolphin.py"), "completion", shell],
            check=True, capture_output=True, text=True, timeout=TIMEOUT_S,
        )  # fmt: skip
        assert printed.stdout == (FOLDER / f"dolphin.{shell}").read_text(encoding="utf-8")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_every_option_of_every_program_is_completed(program: Program) -> None:
    """As `dolphin NAME` and as it is typed after `uv run`: just those that its page explains."""
    text = page_of(program)
    usage, *_ = text.partition("```text\n")[2].partition("\n\n")
    of: dict[tuple[str, ...], str] = {(): usage}
    for command in commands_of(program, text):
        own = text.partition(f"## {program.name} {command}\n")[2]
        of[(command,)] = own.partition("```text\n")[2].partition("\n\n")[0]
    shown = ("uv", "run", *program.shown.split())
    starts = (("dolphin", program.name), shown)
    lines = [(*start, *command, "--") for command in of for start in starts]
    found = completed(*lines)
    for index, usage_of_command in enumerate(of.values()):
        expected = {*_OPTION.findall(usage_of_command), "--help"}
        assert set(found[2 * index]) == expected
        assert set(found[2 * index + 1]) == expected


def test_choices_and_paths_are_completed_and_the_rest_is_left_to_uv(tmp_path: Path) -> None:
    """Values of an option, files and folders of a path; nothing of ours for another command."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.toml").touch()
    at = str(tmp_path) + "/f"
    waits, configs, catalogs, others = completed(
        ("dolphin", "run_node", "--wait", ""),
        ("dolphin", "run_node", "--config", at),
        ("uv", "run", "backtests/run_backtest.py", "--catalog", at),
        ("uv", "add", "--"),
    )
    assert waits == ["event", "spin"]
    assert set(configs) == {f"{tmp_path}/file.toml", f"{tmp_path}/folder"}
    assert catalogs == [f"{tmp_path}/folder"]
    assert others == []


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_completes_in_the_shell_of_a_user(shell: str, typed: str, tmp_path: Path) -> None:
    """In an interactive shell on a terminal: the line that a tab and Enter run."""
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    file = FOLDER / f"dolphin.{shell}"
    with terminal(shell, tmp_path) as (leader, screen):
        os.write(leader, f"{BEGIN[shell].format(file=file)}\n".encode())
        eventually(lambda: "READY42" in screen(), "the shell has read the completion")
        os.write(leader, f"uv run {typed}\t".encode())
        # A shell that has not completed yet would take Enter for that of the typed line.
        word = TYPED[typed].rpartition("<")[2].rstrip(">")
        eventually(lambda: word in screen(), f"a tab becomes {word}")
        os.write(leader, b"\n")
        eventually(lambda: TYPED[typed] in screen(), f"uv gets {TYPED[typed]}")


@contextmanager
def terminal(shell: str, home: Path) -> Iterator[tuple[int, Callable[[], str]]]:
    """Run an interactive shell; yield what is typed to, and what shows all that it has printed."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "xterm",
        "COLUMNS": "200",
    }
    pid, leader = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execvpe(INTERACTIVE[shell][0], INTERACTIVE[shell], environment)  # noqa: S606
    os.set_blocking(leader, False)
    shown = bytearray()

    def screen() -> str:
        with suppress(OSError):  # nothing yet, or the shell has ended
            while piece := os.read(leader, 65_536):
                shown.extend(piece)
        return _CONTROL.sub("", shown.decode(errors="replace"))

    try:
        yield leader, screen
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(leader)
