"""Recorded sessions: made by a real node, changed on purpose, compared by the command."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from adapters.catalog.files import journal
from adapters.catalog.files.spool_conversion import sha256_of
from tests.support.nodes.forkserver import run_forked
from tests.support.nodes.node_process import ROOT, node

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STRATEGIES: Final = "tests.support.strategies.session_strategies"
CHECK: Final = ROOT / "backtests" / "check_parity.py"
CHECK_TIMEOUT_S: Final = 240.0


def record(
    folder: Path, strategy: str, *arguments: object, exit_code: int = 0, factors: int = 0
) -> str:
    """Record a session with a real node, until it ends by itself or about so many factor
    records have come, and return what it printed.
    """
    with node("--strategy", strategy, "--record", folder, *arguments) as process:
        if factors:
            process.wait_for_factors(factors)
            process.signal(signal.SIGINT)
        assert process.exit_code() == exit_code, process.output
        return process.output


class Compared:
    """What check_parity.py says of a session."""

    def __init__(self, folder: Path) -> None:
        found = run_forked(CHECK, folder, timeout_s=CHECK_TIMEOUT_S)
        self.exit_code: Final = found.returncode
        self.output: Final = found.stdout + found.stderr

    def line(self, name: str) -> str:
        """Return what the report says of inputs, decisions or executions."""
        for line in self.output.splitlines():
            if line.strip().startswith(f"{name} "):
                return line.strip().removeprefix(name).strip()
        raise AssertionError(self.output)


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of decisions.jsonl."""
    text = (folder / "decisions.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def write_lines(folder: Path, lines: list[dict[str, Any]]) -> None:
    """Write decisions.jsonl, its lines numbered anew, so that only their content tells."""
    number = 0
    for line in lines:
        if "line" in line:
            number += 1
            line["line"] = number
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "decisions.jsonl").write_text(text, encoding="utf-8")


def factor_file(folder: Path) -> Path:
    """Return the file of the session's factors."""
    (path,) = (folder / "data" / "custom").rglob("*.parquet")
    return path


def quote_file(folder: Path) -> Path:
    """Return the file of the session's quotes."""
    (path,) = (folder / "data" / "quotes").rglob("*.parquet")
    return path


def rewrite(folder: Path, path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a file and make the journal agree, so that no hash tells of it."""
    table = pq.read_table(path)
    pq.write_table(change(table).replace_schema_metadata(table.schema.metadata), path)
    (journal_path,) = (folder / "recordings").glob("*/journal.jsonl")
    content = b""
    for event in journal.read_journal(journal_path):
        if event.get("path") == str(path.relative_to(folder)):
            event |= {
                "bytes": path.stat().st_size,
                "sha256": sha256_of(path),
                "rows": pq.read_metadata(path).num_rows,
            }
        event.pop("crc32", None)
        content += journal._with_checksum(json.dumps(event).encode()) + b"\n"
    journal_path.write_bytes(content)
