"""The Java project as the tests use it: built as the latency measurement builds it."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

from live.latency.phase3.sides.toolchain import CannotBuildError, built_java
from tests.support.nodes.processes import ROOT

if TYPE_CHECKING:
    from pathlib import Path

VECTORS: Final = ROOT / "adapters" / "shm" / "vectors" / "v1" / "vectors.json"


@cache
def built(profile: str = "") -> Path:
    """Return the folder of the built project; see
    :func:`~live.latency.phase3.sides.toolchain.built_java`.
    """
    return built_java(profile)


def require_project(profile: str = "") -> None:
    """Skip the test where the project cannot be built; fail it in CI, which has what it needs."""
    try:
        built(profile)
    except CannotBuildError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must have the Java project: {error}")
        pytest.skip(str(error))


def program(name: str, *arguments: str) -> list[str]:
    """Return the command of one of the project's programs."""
    lib = built() / "programs" / "lib"
    package = "dolphin.region.programs"
    options = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    return ["java", *options, "-cp", f"{lib}/*", f"{package}.{name}", *arguments]


def own_tests() -> list[str]:
    """Return the command that runs the project's own tests."""
    region, lib = built() / "region", built() / "programs" / "lib"
    classes = [region / "test-classes", f"{lib}/*", f"{region / 'test-lib'}/*"]
    return [
        "java",
        f"-Ddolphin.vectors={VECTORS}",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        ":".join(map(str, classes)),
        "org.junit.platform.console.ConsoleLauncher",
        "execute",
        "--scan-classpath",
        str(region / "test-classes"),
        "--disable-banner",
        "--details=summary",
    ]
