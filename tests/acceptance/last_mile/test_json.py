"""What programs print with ``--json``: one document, whose fields docs/json.md has."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING, Any, Final

from adapters.catalog import RecordingWriter
from adapters.shm import FactorWriter
from docs.site.assembly import ROOT
from tests.acceptance.last_mile.manners import EXAMPLES, PROGRAMS, run
from tests.support.catalogs.factor_batches import numbered
from tests.support.catalogs.recorders import recorder
from tests.support.eventually import eventually
from tests.support.nodes.node_process import node
from tests.support.transports.regions import factor_names, write_records

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path


FREE: Final = {"status", "refused", "figures", "factors"}
"""Fields whose own keys are names of something, or another program's document."""


def documented(program: str) -> set[str]:
    """Return the names that the section of a program has in code quotes."""
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    [own] = [part for part in section if part.startswith(f"{program}\n")]
    return set(re.findall(r"`(\w+)`", own))


def fields_of(document: Any) -> set[str]:
    """Return the fields of a document and of all in it."""
    if isinstance(document, list):
        return {name for one in document for name in fields_of(one)}
    if not isinstance(document, dict):
        return set()
    inner = (fields_of(value) for name, value in document.items() if name not in FREE)
    return set(document).union(*inner)


def document_of(program: str, result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what a program printed; all of its standard output is one documented document."""
    found: dict[str, Any] = json.loads(result.stdout)
    assert fields_of(found) <= documented(program)
    assert result.stdout.isascii()
    return found


def test_a_catalog_as_a_document(tmp_path: Path) -> None:
    """Listed, verified and recovered: what the text says, whole and damaged."""

    def asked(*words: str, code: int = 0) -> dict[str, Any]:
        result = run(PROGRAMS["catalog"], "catalog", *words, "--json", cwd=tmp_path)
        assert (result.returncode, result.stderr) == (code, "")
        return document_of("catalog", result)

    with RecordingWriter(tmp_path / "catalog", source="a \x9b region", name="one") as writer:
        writer.write_factors(numbered(1, 1_000))
        writer.add_lost(7, 1_000, 12)
    found = asked("list")
    [row] = found["recordings"]
    assert found["damages"] == []
    assert (row["name"], row["state"], row["source"]) == ("one", "ended", "a \x9b region")
    assert (row["records"], row["files"], row["lost"], row["dropped"]) == (1_000, 1, 12, 0)
    assert row["gaps"] == [{"stream_id": f"{7:016x}", "after_sequence": 1_000, "lost": 12}]
    assert row["first_ns"] < row["last_ns"]
    assert asked("verify")["damages"] == []
    assert asked("recover")["recovered"] == []
    (path,) = tmp_path.rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    [damage] = asked("verify", "--quarantine", code=1)["damages"]
    assert damage["path"] == str(path)
    assert "bytes, found" in damage["what"]
    assert damage["moved_to"].startswith(str(tmp_path / "catalog" / "quarantine"))
    assert asked("verify")["damages"] == []
    refused = run(PROGRAMS["catalog"], "catalog", "sql", "FROM x", "--json", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")


def test_a_killed_recording_is_recovered_as_a_document(tmp_path: Path, region_path: Path) -> None:
    """Listed as killed, then recovered with as many records as were flushed."""
    catalog = tmp_path / "catalog"
    with (
        FactorWriter(region_path, factor_names(3)) as writer,
        recorder(catalog, region_path, "--flush-s", "0.02", "--name", "one") as running,
    ):
        write_records(writer, 10)
        eventually(lambda: running.figures().recorded == 10, "ten records")
        running.kill()
    words = ("list", "recover", "list")
    results = [run(PROGRAMS["catalog"], str(catalog), w, "--json", cwd=tmp_path) for w in words]
    killed, recovered, after = (document_of("catalog", result) for result in results)
    assert [(r["state"], r["records"]) for r in killed["recordings"]] == [("killed", 10)]
    assert recovered["recovered"] == [{"recording": "one", "records": 10}]
    assert [(r["records"], r["missing"]) for r in after["recordings"]] == [(10, 0)]


def test_a_node_switched_and_watched_as_documents(tmp_path: Path, region_path: Path) -> None:
    """A node that runs, is halted and hangs, and a region whose producer is gone."""
    state = tmp_path / "state"

    def switch(*words: str) -> subprocess.CompletedProcess[str]:
        return run(PROGRAMS["switch"], *words, "--state", str(state), "--json", cwd=tmp_path)

    def monitor() -> dict[str, Any]:
        words = ("--once", "--json", str(region_path), "--node", str(state))
        result = run(PROGRAMS["monitor"], *words, cwd=tmp_path)
        document = document_of("monitor", result)
        # A busy machine may let the node or the producer be silent for a while.
        assert document["is_well"] is (result.returncode == 0) is (not document["problems"])
        assert result.stderr == ""
        return document

    with FactorWriter(region_path, ["a", "b"]) as writer, node("--state", state) as process:
        process.wait_for_factors(1)
        writer.write({"a": 1.0, "b": float("nan")})
        found = monitor()
        [seen], [region] = found["nodes"], found["regions"]
        assert (seen["pid"], seen["is_running"]) == (process.pid, True)
        assert (seen["service"], seen["strategy"]) == ("", "ImbalanceTaker")
        assert (seen["told"]["phase"], seen["told"]["trading"]) == ("running", "ACTIVE")
        assert (region["path"], region["factors"], region["alive"]) == (str(region_path), 2, 1)

        halted = switch("halt", "--why", "a test")
        answer = document_of("switch", halted)
        assert halted.returncode == 0
        assert (answer["node"]["pid"], answer["command"]) == (process.pid, "halt")
        assert (answer["is_acknowledged"], answer["is_written"]) == (True, True)
        assert (answer["state"], "a test" in answer["last"]) == ("HALTED", True)
        eventually(
            lambda: monitor()["nodes"][0]["told"]["trading"] == "HALTED",
            "the node has told it, which it does four times a second",
        )
        flat = switch("flat", "--wait", "60")
        assert (flat.returncode, flat.stderr) == (0, "")
        assert document_of("switch", flat)["is_flat"] is True

        process.signal(signal.SIGSTOP)
        silent = switch("halt")
        answer = document_of("switch", silent)
        assert silent.returncode == 4
        assert "NOT ACKNOWLEDGED" in silent.stderr
        assert (answer["is_acknowledged"], answer["watchdog_has_it"]) == (False, False)
        assert "has not acknowledged halt" in answer["problem"]
        process.signal(signal.SIGKILL)
        process.exit_code()
        found = monitor()
    assert not found["is_well"]
    assert found["problems"][0].startswith("node ")
    assert found["nodes"][0]["problems"][0].startswith("died")
    none = run(PROGRAMS["switch"], "status", "--node", "none", "--json", cwd=tmp_path)
    assert (none.returncode, none.stdout) == (2, "")


def test_a_fleet_that_does_not_run_as_a_document(tmp_path: Path) -> None:
    """Without a supervisor, and with the code that says so."""
    path = tmp_path / "fleet.toml"
    path.write_text(
        (EXAMPLES / "fleet.toml")
        .read_text(encoding="utf-8")
        .replace('name = "demo"', 'name = "j"')
    )
    result = run(PROGRAMS["run_fleet"], str(path), "status", "--json", cwd=tmp_path)
    found = document_of("run_fleet", result)
    assert (result.returncode, found["pid"]) == (3, 0)
    assert {row["state"] for row in found["services"]} == {"stopped"}
