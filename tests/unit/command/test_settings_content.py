"""What a file of settings may be: bounded text, of a file or a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.command.settings_file import MOST_BYTES, read_tables
from dolphin_strategies import ConfigError
from tests.support.nodes.node_process import ROOT

PIPED = """\
import sys
from pathlib import Path
from adapters.command.settings_file import read_tables
print(read_tables(Path("/dev/stdin")))
"""


def test_a_fifo_that_nobody_writes_into_is_not_waited_for(tmp_path: Path) -> None:
    """It is refused like any other path that is wrong."""
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ConfigError, match=r"fifo: .*nobody writes"):
        read_tables(tmp_path / "fifo")


def test_what_never_ends_is_refused(tmp_path: Path) -> None:
    """A device, and a file without a bound, which here is a hole."""
    with pytest.raises(ConfigError, match="/dev/zero: expected the path of a TOML file"):
        read_tables(Path("/dev/zero"))
    large = tmp_path / "large.toml"
    large.touch()
    os.truncate(large, 1 << 40)
    with pytest.raises(ConfigError, match=f"at most {MOST_BYTES:,} bytes"):
        read_tables(large)


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 100_000 + "]" * 100_000, "a = " + "9" * 5_000, "a = 1e400000000000000 x"],
    ids=["deep", "long number", "no value"],
)
def test_text_that_python_cannot_take_is_refused(tmp_path: Path, text: str) -> None:
    """With an error of ours."""
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"a\.toml is not TOML"):
        read_tables(file)


def test_settings_come_through_a_pipe_too() -> None:
    """As of ``--config <(…)`` in a shell, piece by piece."""
    with subprocess.Popen(
        [sys.executable, "-c", PIPED], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        for piece in (b"a = 1\n", b"b = 2\n"):
            process.stdin.write(piece)
            process.stdin.flush()
        said = process.communicate(timeout=240)[0]
    assert said.strip() == b"{'a': 1, 'b': 2}"
