"""The tools of phase 3's sides: what is built once, and what is said where one is missing."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

import pytest

from dolphin_strategies import DolphinError
from live.latency.phase3.phase3_run import built_for
from live.latency.phase3.sides import toolchain
from live.latency.phase3.turns.cases import CASES, Case

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BY_KEY = {case.key: case for case in CASES}


def test_a_missing_tool_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No JDK, then no Maven, then no cargo; the cases in Python need none of them."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DolphinError, match="apt-get install openjdk"):
        built_for([BY_KEY["chronicle"]])
    for name in ("java", "javac"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o700)
    assert "apt-get install maven" in toolchain.no_java()
    with pytest.raises(DolphinError, match="cargo is not installed"):
        toolchain.built_rust("log_latencies")
    assert built_for([BY_KEY["region-python-python"]]).java is None
    rust = Case(key="x", name="x", engine="region", producer="Python", reader="Rust")
    assert "cargo is not installed" in rust.problem(built_for([rust]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    in_c = BY_KEY["aeron-ipc-c-c"]
    assert "apt-get install gcc" in in_c.problem(built_for([in_c]))


def test_a_library_of_c_is_built_once_for_its_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What does not compile leaves nothing, and the compiler's words are in the error."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = tmp_path / "one.c"
    source.write_text("int one(void) { return two; }\n")
    with pytest.raises(toolchain.BuildFailedError, match=r"(?s)one\.c was not compiled: .*two"):
        toolchain.built_c(source)
    assert not list(tmp_path.rglob("*.so*"))
    source.write_text("int one(void) { return 1; }\n")
    library = toolchain.built_c(source)
    assert ctypes.CDLL(str(library)).one() == 1
    monkeypatch.setattr(toolchain, "_run", lambda *_: pytest.fail("it is built again"))
    assert toolchain.built_c(source) == library


def test_what_failed_to_build_is_built_again_once_its_sources_are_as_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The failed build has removed what was built of them."""
    sources, builds = ["good"], list[str]()

    def package(_: Sequence[str]) -> None:
        builds.append(sources[-1])
        if sources[-1] == "bad":
            raise toolchain.BuildFailedError

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(toolchain, "no_java", str)
    monkeypatch.setattr(toolchain, "_fingerprint", lambda: sources[-1])
    monkeypatch.setattr(toolchain, "_package", package)
    for _ in range(2):
        toolchain.built_java()
    sources.append("bad")
    with pytest.raises(toolchain.BuildFailedError):
        toolchain.built_java()
    sources.append("good")
    toolchain.built_java()
    assert builds == ["good", "bad", "good"]


def test_a_build_that_takes_too_long_or_has_no_place_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No traceback: Maven may wait for a network for ever, HOME may be of somebody else."""
    for name in ("mvn", "cargo"):
        (tmp_path / name).write_text("#!/bin/sh\nexec sleep 60\n")
        (tmp_path / name).chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(toolchain, "no_java", str)
    monkeypatch.setattr(toolchain, "LIMIT_S", 0.1)
    with pytest.raises(toolchain.CannotBuildError, match=r"mvn -q .* was not done in 0.1 s"):
        toolchain.built_java()
    with pytest.raises(toolchain.CannotBuildError, match=r"cargo build .* was not done in"):
        toolchain.built_rust("log_latencies")
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    with pytest.raises(toolchain.CannotBuildError, match=r"cannot be made: .*XDG_CACHE_HOME"):
        toolchain.built_java()
