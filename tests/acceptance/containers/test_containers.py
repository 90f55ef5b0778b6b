"""What compose.yaml starts, in namespaces: no Docker daemon can run where the tests do.

The image is made by the Dockerfile's own instructions, and commands, environment, mounts, memory,
health checks and times to stop are read from compose.yaml. Not as Docker does it: one network for
all, this machine's Python and libc, and its own Prometheus, Java and Hazelcast in place of images.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from live.cluster import local_member
from live.metrics.figures.node_figures import LATENCY
from live.metrics.metric_table import BY_NAME
from tests.support.containers.compose_file import ROOT, services
from tests.support.containers.container import Container
from tests.support.containers.namespaces import Machine, can_run
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

EXCHANGE_PORT: Final = 8080
PROMETHEUS: Final = "/usr/bin/prometheus"

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(not can_run(), reason="this user may make no namespaces"),
    pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed"),
    pytest.mark.skipif(not Path(PROMETHEUS).exists(), reason="Prometheus is not installed"),
]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Return a copy of the settings in which the exchanges are a server of this machine."""
    folder = tmp_path / "settings"
    shutil.copytree(ROOT / "live" / "containers" / "settings", folder)
    with (folder / "exf.toml").open("a") as file:
        file.write(f'base_url = "http://127.0.0.1:{EXCHANGE_PORT}"\ndeadline_s = 5.0\n')
    folder.chmod(0o755)
    return folder


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Return a machine with the image, the exchanges and, where there is Java, Hazelcast."""
    work = tmp_path / "machine"
    work.mkdir()
    pod = services()["pod"].given
    with Machine(work, list(services()), pod["shm_size"]) as made:
        made.build()
        made.begin(
            sys.executable, "-c",
            "from tests.support.exchange.local_exchange import serve; "
            f"serve({EXCHANGE_PORT})",
        )  # fmt: skip
        yield made


def test_producer_node_monitor_and_prometheus_run_as_the_files_say(
    machine: Machine, settings: Path
) -> None:
    """Factors through shared memory, orders, a scrape; then all are told to stop at once, as when
    a machine is shut down: the node ends flat with 0, and the pod after everybody.
    """
    given = services({"DOLPHIN_SETTINGS": str(settings)})
    with ExitStack() as stack:
        has_member = begin_hazelcast(machine)

        def start(
            name: str, pod: Container | None = None, *, more: Sequence[str] = (), program: str = ""
        ) -> Container:
            container = Container(machine, given[name], pod, more=more, program=program)
            stack.callback(container.kill)
            return container

        pod = start("pod")
        producer = start("producer", pod)
        producer.until_healthy()
        node = start("node", pod)
        node.until_healthy()
        prometheus = start("prometheus", program=PROMETHEUS)
        prometheus.until_healthy()

        look_inside(node)
        eventually(lambda: answer(prometheus, "dolphin_node_orders_total > 0"), "orders", 180)
        assert answer(prometheus, "dolphin_exf_records_total > 0")
        assert answer(prometheus, f"histogram_quantile(0.99, {LATENCY})"), "a native histogram"
        # What the dashboard asks, of native and of classic ones.
        panel = BY_NAME[LATENCY].query.replace("$__rate_interval", "1m")
        eventually(lambda: answer(prometheus, panel), "the panel of the latency")
        if has_member:
            status = producer.run("python", "live/run_exf.py", "status", "--json").stdout
            assert json.loads(status)["hazelcast"]["sent"] > 0
        run_the_commands_of_the_page(start, {"node": node, "producer": producer}, pod)

        producer.kill()
        producer = start("producer", pod)
        producer.until_healthy()
        before = records(prometheus)
        eventually(lambda: records(prometheus) > before + 2, "factors of the new producer")

        for container in (pod, producer, node, prometheus):
            container.signal(signal.SIGTERM)
        assert node.exit_code() == 0, node.output
        assert producer.exit_code() == 0, producer.output
        assert pod.exit_code() == 0, pod.output
        assert "left open nothing" in node.output
        assert " 0 sent" not in node.output


def run_the_commands_of_the_page(
    start: Callable[..., Container], running: dict[str, Container], pod: Container
) -> None:
    """Run what ``exec`` and ``run`` have in docs/containers.md, in its order."""
    text = (ROOT / "docs" / "containers.md").read_text(encoding="utf-8")
    ran = []
    for line in re.findall(r"^docker compose (.*)$", text, re.MULTILINE):
        command, *words = shlex.split(line)
        if command == "exec":
            service, *rest = words
            done = running[service].run(*rest)
            # 4: some factors have no value; the local exchange does not give all.
            assert done.returncode in ((0, 4) if service == "producer" else (0,)), done
            ran.append(done.stdout)
        elif command == "run" and "--once" in words:
            assert words[:2] == ["--rm", "monitor"]
            monitor = start("monitor", pod, more=words[2:])
            assert monitor.exit_code(60) in {0, 1}, monitor.output
            ran.append(monitor.output)
    assert len(ran) == 4
    assert "ImbalanceTaker" in ran[1]
    assert "HALTED" in ran[2]
    assert "ImbalanceTaker" in ran[3]
    assert "dolphin_exf" in ran[3]
    assert "DIED" not in ran[3]


def records(prometheus: Container) -> float:
    """Return how many records the node has had, by its newest scrape."""
    found = answer(prometheus, 'dolphin_node_records_total{outcome="delivered"}')
    return float(found.partition("=>")[2].partition("@")[0] or 0)


def look_inside(node: Container) -> None:
    """Check the user, the capabilities, the file system and the memory of the container."""
    text = node.run("cat", "/proc/1/status").stdout
    assert "CapEff:\t0000000000000000" in text
    assert "Uid:\t10001" in text
    assert node.run("touch", "/app/new").returncode != 0
    assert node.run("touch", "/new").returncode != 0
    assert node.run("sh", "-c", "cd /tmp && touch new").returncode == 0
    size = node.run("df", "--output=size", "/dev/shm").stdout.split()[1]
    assert int(size) == 64 * 1024


def begin_hazelcast(machine: Machine) -> bool:
    """Start a member under the name and in the cluster of compose.yaml, where there is Java."""
    cluster = services()["hazelcast"].environment["HZ_CLUSTERNAME"]
    assert cluster is not None
    try:
        machine.begin(*local_member.command(5701, cluster))
    except local_member.NoMemberError:
        return False
    return True


def answer(prometheus: Container, query: str) -> str:
    """Return what a query gives, as text; empty: nothing."""
    time.sleep(0.5)
    asked = prometheus.run("promtool", "query", "instant", "http://127.0.0.1:9090", query)
    return asked.stdout.strip()
