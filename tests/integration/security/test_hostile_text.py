"""Text from files that somebody else made, on a terminal: shown, not obeyed."""

from __future__ import annotations

import json
import logging
import unicodedata
from typing import TYPE_CHECKING, Final

import pytest

from adapters.catalog import RecordingWriter
from adapters.catalog.__main__ import main
from live.exf.service_log import OneLineFormatter
from tests.support.catalogs.factor_batches import numbered
from tests.support.nodes.forkserver import run_forked
from tests.support.nodes.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ESCAPE: Final = "\x1b[2J\x1b]0;owned\x07\r\u202e"
IN_TOML: Final = json.dumps(ESCAPE)  # TOML's escapes of these are JSON's


def obeyed(text: str) -> set[str]:
    """Return the characters of an output that a terminal obeys."""
    return {c for c in text if unicodedata.category(c) in {"Cc", "Cf"}} - set("\n\t")


def test_a_hostile_catalog_is_shown_and_not_obeyed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sources, names of files and of instruments, whole and damaged, listed and verified."""
    with RecordingWriter(tmp_path, source=f"region {ESCAPE}", name="one") as writer:
        writer.write_factors(numbered(1, 1_000))
    (good,) = tmp_path.rglob("*.parquet")
    for name in (good.name, f"{ESCAPE}.parquet"):
        hostile = good.parent.with_name(f"x{ESCAPE}") / name
        hostile.parent.mkdir(exist_ok=True)
        hostile.write_bytes(good.read_bytes()[:-9])
    good.write_bytes(good.read_bytes()[:-1])
    outputs = []
    for command in ([], ["verify"], ["recover"], ["verify", "--quarantine"]):
        main([str(tmp_path), *command])
        shown = capsys.readouterr()
        outputs += [shown.out, shown.err]
    assert any("\\x1b[2J" in text for text in outputs)
    assert not [text for text in outputs if obeyed(text)]


def script(name: str) -> Path:
    """Return one of the commands."""
    return ROOT / name


COMMANDS: Final = [
    ("live/run_node.py", ["--check", "--config"]),
    ("live/run_exf.py", ["check", "--config"]),
    ("backtests/import_factors.py", ["--check", "--spec"]),
    ("backtests/run_backtest.py", ["--catalog", ".", "--config"]),
    ("backtests/run_backtest.py", ["--catalog", ".", "--drill"]),
    ("backtests/compute_factors.py", ["--catalog", ".", "--factors"]),
]


@pytest.mark.parametrize(("command", "options"), COMMANDS, ids=lambda v: "-".join([*v][-1:]))
@pytest.mark.parametrize(
    "content",
    [f"[{IN_TOML}]\n", f"[[drill]]\nkind = {IN_TOML}\n"],
    ids=["table", "value"],
)
def test_hostile_settings_are_shown_and_not_obeyed(
    tmp_path: Path, command: str, options: Sequence[str], content: str
) -> None:
    """Exit code 2 and the reason, whatever stands in keys and values."""
    file = tmp_path / "settings.toml"
    file.write_text(content, encoding="utf-8")
    done = run_forked(script(command), *options, file, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr
    assert not obeyed(done.stdout + done.stderr)


def test_a_log_line_is_one_line() -> None:
    """A reason that quotes an answer cannot add a line that looks like another one."""
    record = logging.LogRecord(
        "exf", logging.ERROR, "", 0, "%s", (f"x\n2026-01-01 INFO all is well{ESCAPE}",), None
    )
    line = OneLineFormatter("%(levelname)s %(message)s").format(record)
    assert line.count("\n") == 0
    assert not obeyed(line)
