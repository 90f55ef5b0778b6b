"""The node in Rust: it is built of the wheel's own crates, and its actor gets every record."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from adapters.shm import FactorWriter
from tests.support.cargo import ROOT, cargo, target_folder, version_of, why_not
from tests.support.transports.regions import factor_names, values_of, write_records

if TYPE_CHECKING:
    from collections.abc import Iterator

CRATE: Final = ROOT / "adapters" / "rust" / "native-node"
NAMES: Final = factor_names(3)
LIMIT_S: Final = 3600
ASKED_FOR: Final = (1, 99)
"""The compiler that NautilusTrader's crates ask for."""
FEATURE: Final = "-Zcrate-attr=feature(int_format_into)"
"""What they use of an older one's unfinished library; docs/native_node.md."""


def test_the_crates_are_those_of_the_wheel() -> None:
    """Version by version, as the wheel's bill of materials has them."""
    files = importlib.metadata.files("nautilus_trader") or []
    bill = next(f for f in files if f.name.endswith(".cyclonedx.json"))
    of_wheel = {
        part["name"]: part["version"]
        for part in json.loads(Path(bill.locate()).read_text(encoding="utf-8"))["components"]
    }
    document = tomllib.loads((CRATE / "Cargo.toml").read_text(encoding="utf-8"))
    pinned = {
        name: version for name, version in document["dependencies"].items() if "nautilus" in name
    }
    assert pinned
    assert pinned == {name: f"={of_wheel[name]}" for name in pinned}


@contextmanager
def running(*command: object) -> Iterator[subprocess.Popen[str]]:
    """Run the node, and kill it at the end, also of a test that failed."""
    with subprocess.Popen(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.long
@pytest.mark.timeout(LIMIT_S)
@pytest.mark.skipif(bool(reason := why_not()), reason=reason)
def test_an_actor_in_rust_gets_each_record(region_path: Path) -> None:
    """From a producer in Python over the bus of a node in Rust, in order and bit by bit."""
    opened = {}
    if version_of("rustc") < ASKED_FOR:
        opened = {"RUSTC_BOOTSTRAP": "1", "RUSTFLAGS": FEATURE}
    target = target_folder() / "node"
    cargo(
        "build", "--jobs", "1", "--ignore-rust-version",
        crate=CRATE, target=target, limit_s=LIMIT_S, **opened,
    )  # fmt: skip
    count = 1_000
    with FactorWriter(region_path, NAMES) as writer:
        write_records(writer, 1)
        with running(target / "debug" / "native-node", region_path, count) as node:
            assert node.stdout is not None
            out = ""
            while "Trader started" not in out:
                line = node.stdout.readline()
                assert line, out
                out += line
            write_records(writer, count - 1)
            out += node.communicate(timeout=240)[0]
    assert node.returncode == 0
    found = re.findall(r"^factors (\d+) \[(.*)\]$", out, re.MULTILINE)
    got = [(int(n), [float(v) for v in values.split(", ")]) for n, values in found]
    assert got == [(n, [*values_of(n, 3)]) for n in range(1, count + 1)]
    assert re.search(r"^0 lost$", out, re.MULTILINE)
