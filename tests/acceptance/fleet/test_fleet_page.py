"""The commands of docs/fleet.md, on the example: real nodes on the simulated market."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from live.fleet.fleet_command import parse
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE: Final = (ROOT / "docs" / "fleet.md").read_text(encoding="utf-8")
COMMANDS: Final = re.findall(r"^uv run live/run_fleet.py \S+ (.*)$", PAGE, re.MULTILINE)
CODES: Final = {"compare": 1}
"""The example's nodes have different strategies."""
TIMEOUT_S: Final = 900.0


def test_every_command_of_the_page_is_one() -> None:
    """With options that exist."""
    assert len(COMMANDS) > 5
    for command in COMMANDS:
        parse(["fleet.toml", *shlex.split(command)])


@pytest.mark.long
def test_the_commands_of_the_page_run_one_after_another(tmp_path: Path) -> None:
    """On a copy of the example with a region of its own; each ends with its documented code."""
    text = (ROOT / "docs" / "examples" / "fleet.toml").read_text(encoding="utf-8")
    text = text.replace("/dev/shm/dolphin_demo_fleet", str(tmp_path / "region"))
    file = tmp_path / "fleet.toml"
    file.write_text(text.replace("# folder =", f'run_folder = "{tmp_path}/run"  # folder ='))
    script = [sys.executable, str(ROOT / "live" / "run_fleet.py"), str(file)]
    try:
        for command in COMMANDS:
            words = shlex.split(command)
            ended = subprocess.run(
                [*script, *words],
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
            assert ended.returncode == CODES.get(words[0], 0), (
                command,
                ended.stdout,
                ended.stderr,
            )
            if words[0] == "compare":
                assert "records given to both" in ended.stdout
    finally:
        subprocess.run([*script, "stop"], capture_output=True, timeout=TIMEOUT_S, check=False)
