"""The docs' own commands, and the page that they leave."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtests.evaluation.scoring.verdicts import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[3]
DOCS: Final = (ROOT / "docs" / "evaluate.md").read_text(encoding="utf-8")
TIMEOUT_S: Final = 240


def shown_commands() -> Iterator[list[str]]:
    """Yield the commands of the page, with this interpreter in place of ``uv run``."""
    block = DOCS.partition("```bash\n")[2].partition("```")[0]
    for line in block.splitlines():
        words = re.sub(r"^uv run( --extra \w+)? ", "", line).split()
        yield [sys.executable, str(ROOT / words[0]), *words[1:]]


def test_the_shown_commands_print_what_is_shown(tmp_path: Path) -> None:
    """Import, evaluate; the table is the shown one, and every element drawn is there."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    for command in shown_commands():
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin"},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
        assert done.returncode == 0, done.stderr
    table = DOCS.partition("```\nfactor ")[2].partition("\n```")[0]
    for line in table.splitlines()[1:]:
        # Error bars may differ in the last digit between machines.
        assert any(row.split()[:5] == line.split()[:5] for row in done.stdout.splitlines()), line
    folder = tmp_path / "recordings" / "evaluation"
    page = (folder / "evaluation.html").read_text(encoding="utf-8")
    for name in set(re.findall(r"getElementById\('(\w+)'\)|draw\('(\w+)'", page)):
        assert f'id="{"".join(name)}"' in page
    inside = re.search(r'<script type="application/json" id="evaluation">(.*?)</script>', page)
    assert inside is not None
    data = json.loads((folder / "evaluation.json").read_text())
    assert json.loads(inside[1]) == data
    assert data["tests"] == sum(len(one["horizons"]) for one in data["factors"])


def test_the_docs_have_every_verdict() -> None:
    """And no other."""
    rows = DOCS.partition("| verdict | when |\n|---|---|\n")[2].partition("\n\n")[0]
    shown = re.findall(r"`([^`]+)`", "\n".join(row.split("|")[1] for row in rows.splitlines()))
    assert sorted(shown) == sorted(VERDICTS)
