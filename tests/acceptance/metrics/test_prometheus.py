"""A real Prometheus that scrapes a running demo: every query of the dashboard returns data."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from live.metrics.metric_table import METRICS, RULES
from tests.support.eventually import eventually
from tests.support.nodes.node_process import ROOT
from tests.support.transports.member import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.transports.member import Member

DASHBOARD: Final = ROOT / "docs" / "grafana" / "dolphin.json"
RULE_FILE: Final = ROOT / "docs" / "prometheus" / "dolphin.rules.yml"
PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
TIMEOUT_S: Final = 240.0

pytestmark = pytest.mark.skipif(
    not (PROMETHEUS and PROMTOOL),
    reason="Prometheus is not installed (apt-get install prometheus); .ci/run installs it",
)


def expressions() -> list[tuple[str, str]]:
    """Return title and query of each panel of the dashboard."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [(p["title"], t["expr"]) for p in panels for t in p.get("targets", [])]


def get(url: str) -> Any:
    """Return the JSON at a URL."""
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - of this test
        return json.load(answer)


def query(port: int, expr: str) -> list[Any]:
    """Return the result of a query at this instant."""
    text = urllib.parse.quote(expr.replace("$__rate_interval", "30s"))
    found = get(f"http://127.0.0.1:{port}/api/v1/query?query={text}")
    assert found["status"] == "success", found
    result: list[Any] = found["data"]["result"]
    return result


@contextmanager
def running(*command: object) -> Iterator[None]:
    """Run a process while the block lasts."""
    process = subprocess.Popen(
        [str(word) for word in command], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(240)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(240)


def test_the_rules_are_what_prometheus_takes() -> None:
    """Promtool's own check."""
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, "check", "rules", RULE_FILE], check=False, timeout=120)
    assert done.returncode == 0


@pytest.mark.long
def test_every_panel_of_the_dashboard_has_data(
    region_path: Path, tmp_path: Path, member: Member
) -> None:
    """A node, a service whose sources are dead, a bridge and a recorder are scraped."""
    assert PROMETHEUS is not None
    assert PROMTOOL is not None
    ports = {name: free_port() for name in ("node", "exf", "bridge", "recorder", "prometheus")}
    bridged = region_path.with_name(f"{region_path.name}_bridged")
    targets = [f"127.0.0.1:{ports[name]}" for name in ("node", "exf", "bridge", "recorder")]
    config = tmp_path / "prometheus.yml"
    config.write_text(
        f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n"
        f"rule_files: [{json.dumps(str(RULE_FILE))}]\n"
        f"scrape_configs: [{{job_name: dolphin, static_configs: [{{targets: "
        f"{json.dumps(targets)}}}]}}]\n"
    )

    def live(name: str, *arguments: object) -> list[object]:
        return [sys.executable, f"live/{name}", *arguments]

    with ExitStack() as stack:
        for command in (
            live("run_node.py", "--metrics", ports["node"]),
            live(
                "run_exf.py", "run", "--region", region_path, "--base-url", "http://127.0.0.1:9",
                "--hazelcast", member.url, "--metrics", ports["exf"],
            ),
            live(
                "bridge_hazelcast.py", member.url, "--region", bridged,
                "--metrics", ports["bridge"],
            ),
            live(
                "record_factors.py", "--region", region_path, "--catalog", tmp_path / "catalog",
                "--metrics", ports["recorder"],
            ),
            [
                PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{ports['prometheus']}", "--log.level=error",
            ],
        ):  # fmt: skip
            stack.enter_context(running(*command))
        port = ports["prometheus"]
        wait_for_targets(port, len(targets))
        empty = dict(expressions())
        # A source that never answered has no time of success: with dead sources, no data.
        empty = {t: e for t, e in empty.items() if "success_timestamp" not in e}
        until_s = time.monotonic() + TIMEOUT_S
        while empty and time.monotonic() < until_s:
            empty = {t: e for t, e in empty.items() if not query(port, e)}
            time.sleep(1.0)
        assert not empty
        fired = eventually(
            lambda: {
                alert["labels"]["alertname"]
                for alert in get(f"http://127.0.0.1:{port}/api/v1/alerts")["data"]["alerts"]
            },
            "an alert about the dead sources",
            TIMEOUT_S,
        )
        assert fired <= {rule.name for rule in RULES}
        assert {"DolphinSourceDead", "DolphinHalfOfFactorsMissing"} <= fired
        names = set(get(f"http://127.0.0.1:{port}/api/v1/label/__name__/values")["data"])
        told = {m.served for m in METRICS if m.kind != "histogram" and "stream" not in m.name}
        assert told - names == {"dolphin_exf_source_success_timestamp_seconds"}
    bridged.unlink(missing_ok=True)


def wait_for_targets(port: int, count: int) -> None:
    """Wait until all targets are scraped."""

    def are_up() -> bool:
        try:
            return len(query(port, "up == 1")) == count
        except OSError:
            return False

    eventually(are_up, f"{count} targets that are up", TIMEOUT_S)
