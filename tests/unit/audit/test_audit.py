"""The audit of dependencies finds what is planted, and says when it could not ask."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, Final

import pytest
from packaging.version import Version

from tests.audit import __main__ as audit
from tests.audit.advisories import Advisory, Package, accepted, findings, holds, snapshot
from tests.audit.bill import of_c, of_java_and_rust
from tests.audit.installed import needed, packages
from tests.audit.named import JAVA, RUST, named, of_crate, of_pom
from tests.proof.figures import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWN: Final = Advisory(
    id="PLANTED-1",
    ecosystem="PyPI",
    package="numpy",
    kind="vulnerability",
    affected=(">=0",),
    unaffected=(),
    title="planted",
)


@pytest.mark.parametrize(
    ("version", "bounds", "expected"),
    [
        ("1.4.0", ">=1.2,<1.4", False),
        ("1.3.9", ">=1.2,<1.4", True),
        ("1.3.9", ">= 1.2, < 1.4", True),
        ("0.23.2", "^0.23.1", True),
        ("0.24.0", "^0.23.1", False),
        ("1.9.0", "1.2", True),
        ("2.0.0", "1.2", False),
        ("0.0.4", "^0.0.3", False),
        ("1.2.9", "~1.2.3", True),
        ("1.3.0", "~1.2.3", False),
        ("1.3.1", "=1.3.1", True),
        ("1.0.0-rc1", ">=1.0.0", False),
        ("5", ">=0", True),
    ],
)
def test_a_range_of_versions_is_read_as_cargo_reads_it(
    version: str, bounds: str, *, expected: bool
) -> None:
    """Carets end at the next incompatible version, tildes at the next minor one."""
    assert holds(Version(version), bounds) is expected


def test_every_range_of_the_snapshot_can_be_read() -> None:
    """And every accepted weakness is in it."""
    states, advisories = snapshot()
    assert len(states) == 2
    assert len(advisories) > 100
    for advisory in advisories:
        assert advisory.affected
        for bounds in (*advisory.affected, *advisory.unaffected):
            holds(Version("1"), bounds)
    assert accepted().keys() <= {a.id for a in advisories}
    assert all(accepted().values())


def test_python_packages_and_the_crates_in_them_are_found() -> None:
    """NautilusTrader's wheel says which crates it is made of."""
    found = packages()
    assert "nautilus-trader" in {p.name for p in found if p.ecosystem == "PyPI"}
    crates = {p.name for p in found if p.inside == "nautilus-trader"}
    assert {"tokio", "nautilus-core"} <= crates


def test_a_planted_weakness_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1 and its name; nothing of the kind without it."""
    assert audit.main(["--offline"]) == 0
    states, advisories = snapshot()
    monkeypatch.setattr(audit, "snapshot", lambda: (states, [*advisories, OWN]))
    assert audit.main(["--offline"]) == 1
    assert "PLANTED-1" in capsys.readouterr().err


def test_a_version_that_cannot_be_compared_counts_as_weak() -> None:
    """Better one line too many."""
    odd = Package("PyPI", "numpy", "not-a-version")
    assert findings([OWN], [odd, Package("crates.io", "numpy", "1")]) == [(OWN, odd)]


class Osv(BaseHTTPRequestHandler):
    """Answers as OSV does: numpy has a weakness."""

    def do_POST(self) -> None:
        """Answer a batch of questions."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        known = {"vulns": [{"id": "PLANTED-2", "modified": "2026-01-01T00:00:00Z"}]}
        names = [query["package"]["name"] for query in asked["queries"]]
        self._send({"results": [known if name == "numpy" else {} for name in names]})

    def do_GET(self) -> None:
        """Answer a question about one weakness."""
        at = "2026-01-01T00:00:00Z"
        affected = {
            "package": {"ecosystem": "PyPI", "name": "numpy"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
        }
        about = {"id": "PLANTED-2", "modified": at, "published": at, "summary": "planted"}
        self._send({**about, "affected": [affected]})

    def _send(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def osv() -> Iterator[str]:
    """Give the address of a local OSV."""
    with HTTPServer(("127.0.0.1", 0), Osv) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_what_osv_knows_is_wrong_and_a_silent_osv_is_not(
    osv: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A weakness of today is found by name; without a network it says that it did not ask."""
    wrong = audit.ask_osv(osv)
    if "was not asked" in capsys.readouterr().out:
        pytest.skip("this uv has no audit, or cannot resolve the project here")
    assert any("PLANTED-2" in line for line in wrong)
    assert audit.ask_osv("http://127.0.0.1:9/") == []
    assert "OSV was not asked" in capsys.readouterr().out


def test_what_the_project_needs_to_run_is_told_from_its_tools() -> None:
    """With what its dependencies need, and without what only tests need."""
    names = needed()
    assert {"nautilus-trader", "numpy", "pandas", "yarl", "duckdb"} <= names
    assert not {"pytest", "ruff", "hypothesis", "dolphin"} & names


def test_the_bill_has_every_c_file_of_the_project() -> None:
    """Each with its hash, and the hash of what was compiled from it."""
    modules = list(of_c())
    named = {inner["name"] for module in modules for inner in module["components"]}
    found = {
        path.relative_to(ROOT).as_posix()
        for top in ("adapters", "backtests", "dolphin_strategies")
        for path in (ROOT / top).rglob("*.[ch]")
    }
    assert named == found
    hashes = [
        h["content"] for m in modules for part in (m, *m["components"]) for h in part["hashes"]
    ]
    assert all(len(h) == 64 for h in hashes)


def test_what_java_and_rust_need_is_in_the_bill_and_in_the_audit() -> None:
    """As many as the files name, each with a version; Agrona is what the Java library needs."""
    found = named()
    poms = "".join(p.read_text(encoding="utf-8") for p in JAVA.rglob("pom.xml"))
    own = poms.count("<groupId>dolphin</groupId>\n      <artifactId>dolphin-region</artifactId>")
    assert len([n for n in found if n.ecosystem == "Maven"]) == poms.count("<dependency>") - own
    crates = [n.name for n in found if n.ecosystem == "crates.io"]
    text = "".join(p.read_text(encoding="utf-8") for p in RUST.glob("*/Cargo.toml"))
    tables = re.findall(r"^\[[^\n]*dependencies\](?:\n(?!\[).*)*", text, re.MULTILINE)
    lines = re.findall(r"^([\w-]+) = (?!.*\bpath\b)", "\n".join(tables), re.MULTILINE)
    assert sorted(crates) == sorted(lines)
    assert "loom" in crates
    assert not [n for n in found if "$" in n.version or not n.version[0].isdecimal()]
    library = [n for n in found if n.by == "dolphin-region"]
    needed_to_run = {n.name for n in library if n.scope == "required"}
    assert {"agrona", "libc"} <= needed_to_run
    # The library is not built with the Agrona of the engines that it is measured beside.
    versions = {n.by: n.version for n in found if n.name == "agrona"}
    readme = (JAVA / "README.md").read_text(encoding="utf-8")
    assert f"built with {versions['dolphin-region']}," in readme
    assert versions["dolphin-region"] != versions["dolphin-region-peers"]
    assert not {"gson", "junit-jupiter", "serde_json"} & needed_to_run
    listed = [c["purl"] for library in of_java_and_rust() for c in library["components"]]
    assert listed == [n.purl for n in found]
    audited = {(p.ecosystem, p.name, p.version) for p in packages()}
    assert {("crates.io", n.name, n.version) for n in found if not n.group} <= audited
    assert {("Maven", f"{n.group}:{n.name}", n.version) for n in found if n.group} <= audited


def test_a_weak_version_that_our_crate_allows_is_found() -> None:
    """The lowest version that its file allows counts, not the one that is built today."""
    weak = replace(OWN, ecosystem="crates.io", package="libc", affected=("<0.2.1",))
    inside = {p.inside for _, p in findings([weak], packages())}
    assert inside == {"dolphin-region"}


def test_a_version_that_a_file_leaves_open_is_refused(tmp_path: Path) -> None:
    """By the file and what it names."""
    crate = tmp_path / "Cargo.toml"
    crate.write_text('[package]\nname = "x"\n[dependencies]\nodd = { git = "y" }\n')
    with pytest.raises(ValueError, match="odd: expected a version such as"):
        list(of_crate(crate))
    pom = tmp_path / "pom.xml"
    space = 'xmlns="http://maven.apache.org/POM/4.0.0"'
    for version, why in (("${nowhere}", "a property 'nowhere'"), ("", "one without")):
        pom.write_text(
            f"<project {space}><artifactId>x</artifactId><dependencies><dependency><groupId>g"
            f"</groupId><artifactId>a</artifactId><version>{version}</version></dependency>"
            "</dependencies></project>"
        )
        with pytest.raises(ValueError, match=why):
            list(of_pom(pom))
