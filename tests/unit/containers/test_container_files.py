"""The Dockerfile, compose.yaml and what they mount, without running them."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from adapters.hazelcast_map import HazelcastSettings
from live.exf.exf_settings import load
from tests.support.containers import image
from tests.support.containers.compose_file import COMPOSE, ROOT, services

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = ROOT / "live" / "containers"
PAGE: Final = ROOT / "docs" / "containers.md"
SERVICES: Final = services()
BUILT: Final = [s for s in SERVICES.values() if s.is_built]
LINTERS: Final = "uv run --group containers pytest tests/unit/containers"
PROMTOOL: Final = shutil.which("promtool")


def linter(name: str) -> str:
    """Return a linter's path, or skip."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        pytest.skip(f"{name} is not installed: {LINTERS}")
    return str(path)


def images() -> Iterator[str]:
    """Yield every image that is pulled."""
    text = image.DOCKERFILE.read_text(encoding="utf-8")
    given = dict(re.findall(r"^ARG (\w+)=(\S+)$", text, re.MULTILINE))
    for stage in image.stages():
        yield re.sub(r"\$\{(\w+)\}", lambda m: given[m[1]], stage[0][1].partition(" ")[0])
    yield from (s.image for s in SERVICES.values() if not s.is_built)


def test_hadolint_finds_nothing() -> None:
    """With all of its rules but the one that the file gives a reason for."""
    subprocess.run([linter("hadolint"), str(image.DOCKERFILE)], check=True, timeout=120)


def test_the_compose_file_follows_the_specification() -> None:
    """By the schema of https://compose-spec.io."""
    command = [linter("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    subprocess.run(command, check=True, timeout=120)


def test_every_image_is_of_one_version() -> None:
    """No tag that moves."""
    for name in images():
        assert re.search(r":v?\d+\.\d+\.\d+(-[\w.]+)*$", name), name


def test_the_image_has_a_compiler_only_where_it_is_built() -> None:
    """And nothing of the project but what the build stage copied."""
    last = image.stages()[-1]
    assert "gcc" in " ".join(rest for _, rest in image.build_stage())
    assert "apt-get" not in " ".join(rest for _, rest in last)
    assert [rest for word, rest in last if word in {"COPY", "ADD"}] == ["--from=build /app /app"]
    assert dict(last)["USER"] == "10001:10001"


def test_the_build_gets_what_it_copies_and_nothing_else() -> None:
    """Everything else in the folder, such as keys and recordings, never reaches Docker."""
    lines = image.IGNORED.read_text(encoding="utf-8").splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "*"
    copied = {
        source
        for word, rest in image.build_stage()
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert all((ROOT / source).exists() for source in copied)


def test_what_pyproject_builds_from_is_copied() -> None:
    """Each source of the C modules is below a folder that the Dockerfile copies."""
    sources = re.findall(r'"([\w/]+\.[ch])"', (ROOT / "pyproject.toml").read_text())
    stage = " ".join(rest for word, rest in image.build_stage() if word == "COPY").split()
    assert sources
    assert {source.partition("/")[0] for source in sources} <= set(stage)


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_a_service_has_no_rights_that_it_does_not_need(service: Any) -> None:
    """Ports on the loopback, no capabilities, no new privileges, no secret in the file."""
    given = service.given
    assert all(port.startswith("127.0.0.1:") for port in given.get("ports", []))
    assert given["cap_drop"] == ["ALL"]
    assert given["security_opt"] == ["no-new-privileges:true"]
    assert not given.get("privileged")
    assert given.get("network_mode") != "host"
    for name, value in service.environment.items():
        assert value is None or not re.search("KEY|SECRET|PASSWORD|TOKEN", name), name
    for mount in service.mounts:
        assert mount.is_read_only or "/" not in mount.source, "only volumes are written"
        assert "/" not in mount.source or (ROOT / mount.source).exists()


def test_programs_share_the_pods_memory_and_processes() -> None:
    """Which has the size; they are read-only; the pod waits longer than any of them."""
    pod = SERVICES["pod"]
    assert pod.given["ipc"] == "shareable"
    for service in BUILT:
        assert service.is_read_only
        if service is not pod:
            assert service.given["ipc"] == service.given["pid"] == "service:pod"
            assert "shm_size" not in service.given
            assert service.stop_grace_s < pod.stop_grace_s
            assert service.given["depends_on"]
    assert SERVICES["node"].stop_grace_s >= 60
    assert SERVICES["node"].given["restart"] == "no"


@pytest.mark.parametrize("name", ["producer", "node"])
def test_a_health_check_asks_the_program_itself(name: str) -> None:
    """About the region or the state that its own command names."""
    service = SERVICES[name]
    check = " ".join(service.health)
    assert " status " in f"{check} "
    option = "--region=" if name == "producer" else "--state="
    (path,) = [w.removeprefix(option) for w in service.command if w.startswith(option)]
    assert path in check
    assert path.startswith("/dev/shm/")


def test_prometheus_scrapes_the_ports_that_the_programs_open(tmp_path: Path) -> None:
    """And its own check takes the files where compose.yaml mounts them."""
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    (targets,) = [s["targets"] for s in config["scrape_configs"][0]["static_configs"]]
    expected = {
        f"{s.name}:{word.rpartition(':')[2]}"
        for s in SERVICES.values()
        for word in s.command
        if word.startswith("--metrics=")
    }
    assert set(targets) == expected
    for mount in SERVICES["prometheus"].mounts:
        if mount.is_read_only:
            shutil.copy(ROOT / mount.source, tmp_path / Path(mount.target).name)
    if PROMTOOL is None:
        pytest.skip("Prometheus is not installed")
    command = [PROMTOOL, "check", "config", str(tmp_path / "prometheus.yml")]
    subprocess.run(command, check=True, timeout=120)


def test_grafana_finds_the_dashboard_and_its_data() -> None:
    """Where the files that it is given say."""
    targets = {mount.target: mount.source for mount in SERVICES["grafana"].mounts}
    home = SERVICES["grafana"].environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home is not None
    assert json.loads((ROOT / targets[home]).read_text())["uid"] == "dolphin"
    boards = yaml.safe_load((FOLDER / "grafana" / "dashboards.yml").read_text())
    assert boards["providers"][0]["options"]["path"] == str(Path(home).parent)
    source = yaml.safe_load((FOLDER / "grafana" / "datasource.yml").read_text())
    assert source["datasources"][0]["type"] == "prometheus"
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    assert all(
        targets[f"/etc/grafana/provisioning/{kind}/dolphin.yml"]
        for kind in ("datasources", "dashboards")
    )


def test_the_producer_writes_into_the_member_of_the_file() -> None:
    """By its name and its cluster's."""
    written = load(FOLDER / "settings" / "exf.toml").exf.hazelcast
    settings = HazelcastSettings.from_url(str(written))
    assert settings.members == ("hazelcast:5701",)
    assert settings.cluster == SERVICES["hazelcast"].environment["HZ_CLUSTERNAME"]


def test_the_page_names_services_and_commands_that_are_there() -> None:
    """The commands need a Docker daemon; tests/acceptance/containers runs what is in them."""
    (block,) = re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines():
        words = shlex.split(line)
        assert words[:2] == ["docker", "compose"]
        named = [word for word in words[3:] if not word.startswith("-")][:1]
        if words[2] in {"exec", "run", "logs"}:
            assert set(named) <= set(SERVICES), line
        else:
            assert words[2] in {"up", "down"}
