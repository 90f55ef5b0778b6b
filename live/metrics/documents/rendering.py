"""Rendering: the list of metrics as a Markdown table, a Grafana dashboard and alert rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from live.metrics.metric_table import METRICS, RULES

if TYPE_CHECKING:
    from live.metrics.metric_table import Metric

TITLES: Final = {
    "": "All processes",
    "node": "Nodes",
    "exf": "Producers (run_exf.py)",
    "bridge": "Bridges",
    "recorder": "Recorders",
}
_DATASOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH: Final = 8
_HEIGHT: Final = 7
_COLUMNS: Final = 3


def table() -> str:
    """Return the metrics as Markdown, a table for each program."""
    lines: list[str] = []
    for program, title in TITLES.items():
        lines += [f"### {title}", "", "| metric | kind | labels | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{metric.served}` | {metric.kind} | "
            f"{', '.join(f'`{label}`' for label in metric.labels)} | {metric.help} |"
            for metric in METRICS
            if metric.program == program
        ]
        lines.append("")
    lines += ["### Alerts", "", "| alert | severity | fires when | for |", "|---|---|---|---|"]
    lines += [
        f"| `{rule.name}` | {rule.severity} | `{_cell(rule.expr)}` | {rule.holds} |"
        for rule in RULES
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Return a text without what would end a cell of Markdown, in code too."""
    return text.replace("|", "\\|")


def dashboard() -> str:
    """Return the dashboard as JSON that Grafana 10 and later import."""
    panels: list[dict[str, Any]] = []
    y = 0
    for program, title in TITLES.items():
        shown = [metric for metric in METRICS if metric.program == program and metric.query]
        panels.append(
            {
                "id": len(panels) + 1,
                "type": "row",
                "title": title,
                "collapsed": False,
                "gridPos": {"h": 1, "w": 24, "x": 0, "y": y},
                "panels": [],
            }
        )
        y += 1
        for index, metric in enumerate(shown):
            x = index % _COLUMNS * _WIDTH
            panels.append(_panel(metric, len(panels) + 1, x, y + index // _COLUMNS * _HEIGHT))
        y += -(-len(shown) // _COLUMNS) * _HEIGHT
    found = {
        "uid": "dolphin",
        "title": "Dolphin",
        "tags": ["dolphin"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]
        },
        "panels": panels,
    }
    return json.dumps(found, indent=2) + "\n"


def _panel(metric: Metric, number: int, x: int, y: int) -> dict[str, Any]:
    return {
        "id": number,
        "type": "timeseries",
        "title": metric.help.partition(";")[0].partition(":")[0].rstrip("."),
        "description": f"{metric.served}: {metric.help}",
        "datasource": _DATASOURCE,
        "gridPos": {"h": _HEIGHT, "w": _WIDTH, "x": x, "y": y},
        "fieldConfig": {"defaults": {"unit": metric.unit}, "overrides": []},
        "targets": [
            {
                "refId": "A",
                "datasource": _DATASOURCE,
                "expr": metric.query,
                "legendFormat": metric.legend,
            }
        ],
    }


def rules() -> str:
    """Return the alerts as a rule file of Prometheus; JSON strings are YAML strings too."""
    lines = ["groups:", "  - name: dolphin", "    rules:"]
    for rule in RULES:
        lines += [
            f"      - alert: {rule.name}",
            f"        expr: {json.dumps(rule.expr)}",
            f"        for: {rule.holds}",
            "        labels:",
            f"          severity: {rule.severity}",
            "        annotations:",
            f"          summary: {json.dumps(rule.summary)}",
        ]
    return "\n".join(lines) + "\n"
