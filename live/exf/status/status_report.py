"""The output of ``run_exf.py status`` and ``factors``, and the exit code of ``status``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from adapters.command.text_table import text_table
from live.exf.status import stream_report
from live.exf.status.recording_report import market_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adapters.exf.registry.factor_registry import FactorRegistry
    from dolphin_strategies.computed.spec import ComputedSpec

ALL_ALIVE: Final = 0
NOT_RUNNING: Final = 3
SOME_MISSING: Final = 4
NONE_ALIVE: Final = 5
NOT_RESPONDING: Final = 6
SILENT_S: Final = 7.0
"""A running service writes its status every two seconds; after this it counts as hanging."""
_SHOWN_MISSING: Final = 12


def status_code(status: dict[str, Any] | None, pid: int | None, unix_s: float) -> int:
    """Return the exit code that reports the state of the service to a script.

    Parameters
    ----------
    status : dict, optional
        What the service last wrote.
    pid : int, optional
        The process that holds the pid file.
    unix_s : float
        The current time, UNIX seconds.

    """
    if pid is None:
        return NOT_RUNNING
    if status is None or status.get("pid") != pid or unix_s - status["updated_unix_s"] > SILENT_S:
        return NOT_RESPONDING
    factors = status["factors"]
    if factors["alive"] == factors["total"]:
        return ALL_ALIVE
    return SOME_MISSING if factors["alive"] else NONE_ALIVE


def render_status(status: dict[str, Any] | None, code: int, region: object) -> str:
    """Return the status as text for the user.

    Parameters
    ----------
    status : dict, optional
        What the service last wrote.
    code : int
        See :func:`status_code`.
    region : object
        The service's region, as on the command line.

    """
    if code == NOT_RUNNING:
        text = f"not running (region {region})"
        if status is not None:
            ended = _ago(status["updated_unix_s"])
            text += (
                f"; the last one: {status['state']} {ended} ago, {status['reason'] or 'killed'}"
            )
        return text
    if status is None or code == NOT_RESPONDING:
        return f"NOT RESPONDING: it holds its pid file and has reported nothing for {SILENT_S:g} s"
    factors, late = status["factors"], status["late_ms"]
    lines = [
        f"running, pid {status['pid']}, for {_ago(status['started_unix_s'])}, "
        f"region {status['region']}",
        f"factors {factors['alive']} of {factors['total']} alive, "
        f"{status['published']:,} records published; polls begin late by p50 "
        f"{late['p50']} ms, p99 {late['p99']} ms; longest stall {status['longest_stall_s']} s",
    ]
    if status["replay"]:
        lines[0] += f", replaying {status['replay']}"
    if (kept := status["recording"]) is not None:
        lines.append(
            f"recording {kept['name']} in {kept['catalog']}: {kept['recorded']:,} recorded, "
            f"{kept['lost']} lost, {kept['dropped']} dropped {kept['problem']}".rstrip()
        )
    if (market := status.get("market_recording")) is not None:
        lines.append(market_line(market))
    if (entry := status["hazelcast"]) is not None:
        lines.append(
            f"hazelcast: {entry['written']:,} written, {entry['sent']:,} sent, "
            f"{entry['conflated']:,} conflated {entry['problem']}".rstrip()
        )
    if (stream := status.get("aeron")) is not None:
        lines.append(
            f"aeron: {stream['published']:,} published, {stream['sent']:,} sent, "
            f"{stream['unheard']:,} unheard, {stream['dropped']:,} dropped "
            f"{stream['problem']}".rstrip()
        )
    if status["publish_errors"]:
        lines.append(f"CANNOT PUBLISH: {status['publish_errors']}")
    dead = _dead_venues(status["sources"])
    for name, reason in dead.items():
        url = next(h["base_url"] for h in status["hosts"] if h["venue"] == name)
        lines.append(f"NO ANSWER from {name} ({url}): {reason}")
    for definition in status["definitions"]:
        lines += [
            f"UNUSABLE: {definition['definition']}: {why}"
            for why in definition["unusable"].values()
        ]
        lines += _symbol_lines(definition)
        if (
            definition["failures_in_a_row"]
            and definition["definition"].partition("/")[0] not in dead
        ):
            lines.append(
                f"no definitions from {definition['definition']}: {definition['last_error']}"
            )
    if (streams := status.get("streams")) is not None:
        lines += stream_report.problems(streams)
    if factors["missing"]:
        names = ", ".join(factors["missing"][:_SHOWN_MISSING])
        more = len(factors["missing"]) - _SHOWN_MISSING
        lines.append(f"missing: {names}" + (f" and {more} more" if more > 0 else ""))
    if status["sources"]:
        lines += ["", _hosts_table(status["hosts"]), "", _sources_table(status["sources"])]
    if streams is not None:
        lines += ["", *stream_report.streams_table(streams, factors["from"])]
    for source in status["sources"]:
        if source["last_error"] and source["failures_in_a_row"]:
            ago = _ago(source["last_error_unix_s"])
            lines.append(f"{source['source']}: {ago} ago: {source['last_error']}")
        if source["last_refused"] and source["factors_alive"] < source["factors"]:
            lines.append(f"{source['source']}: unusable: {source['last_refused']}")
        if source["last_bad_body"] and source["factors_alive"] < source["factors"]:
            ago = _ago(source["last_bad_body_unix_s"])
            lines.append(f"    last bad body, {ago} ago: {source['last_bad_body'][:160]!r}")
    return "\n".join(lines)


def _symbol_lines(definition: Mapping[str, Any]) -> list[str]:
    """Return which assets have another symbol than the usual one, or a symbol that is assumed."""
    key, assets = definition["definition"], definition["assets"]
    if definition["assumed"] and assets:
        names = ", ".join(sorted({found["symbol"] for found in assets.values()}))
        return [f"ASSUMED: {key}: usual symbols, as no definitions can be had: {names}"]
    lines = []
    for asset, found in sorted(assets.items()):
        if found["symbol"] not in {"", found["usual"]}:
            units = f", {found['units']:,.0f} coins each" if found["units"] != 1 else ""
            lines.append(f"{key}: {asset} is {found['symbol']}{units}")
    return lines


def _dead_venues(sources: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return the venues of which no source answers at present, with a reason."""
    by_venue: dict[str, list[dict[str, Any]]] = {}
    for source in sources:
        by_venue.setdefault(source["source"].partition("/")[0], []).append(source)
    return {
        name: found[0]["last_error"]
        for name, found in by_venue.items()
        if all(s["failures_in_a_row"] for s in found)
    }


def _hosts_table(hosts: Iterable[dict[str, Any]]) -> str:
    rows = [["venue", "address", "clock skew", "rate limit left", "refused", "pause"]]
    for host in hosts:
        skew = "-"
        if host["skew_ms"] is not None:
            skew = f"{host['skew_ms']:+.0f} ±{host['skew_uncertainty_ms']:.0f} ms"
        left = "-" if host["budget_left"] is None else f"{host['budget_left']:.0f}"
        pause = f"{host['pause_left_s']:.1f} s" if host["pause_left_s"] else "-"
        rows.append(
            [host["venue"], host["base_url"], skew, left, str(host["rate_limited"]), pause]
        )
    return text_table(rows)


def _sources_table(sources: Iterable[dict[str, Any]]) -> str:
    rows = [["source", "period", "last success", "latency p50/p99", "polls", "errors", "factors"]]
    for source in sources:
        latency = source["latency_ms"]
        errors = ", ".join(f"{n} {kind}" for kind, n in source["errors"].items()) or "-"
        shown = "-" if latency["p50"] is None else f"{latency['p50']:.1f}/{latency['p99']:.1f} ms"
        rows.append(
            [
                source["source"],
                f"{source['period_s']:g} s",
                _ago(source["last_success_unix_s"]) if source["answers"] else "never",
                shown,
                str(source["polls"]),
                errors,
                f"{source['factors_alive']}/{source['factors']}",
            ]
        )
    return text_table(rows)


def factors_table(registry: FactorRegistry) -> list[list[str]]:
    """Return one row for each published factor, the heading first."""
    periods = {source.key: source.period_s for source in registry.sources}
    rows = [["factor", "unit", "valid range", "period", "lives", "from", "about"]]
    for factor in registry.factors:
        if not factor.is_published:
            continue
        origin, period, lives = "", "", ""
        if factor.rule:
            origin = f"{factor.rule} of {', '.join(factor.inputs)}"
            period = lives = "its inputs'"
        elif factor.source:
            origin = f"{factor.source} {factor.field}"
            period, lives = f"{periods[factor.source]:g} s", f"{factor.time_to_live_s:g} s"
        if factor.computed is not None:
            spec = factor.computed.spec
            streamed = ("streamed", f"{spec.time_to_live_s:g} s", _computed_from(spec))
            period, lives, origin = (
                f"{new}, else {old}" if old else new
                for old, new in zip((period, lives, origin), streamed, strict=True)
            )
        limits = f"{_plain(factor.low)} to {_plain(factor.high)}"
        rows.append([factor.name, factor.unit, limits, period, lives, origin, factor.about])
    return rows


def _computed_from(spec: ComputedSpec) -> str:
    """Return what a streamed factor is computed from, such as ``Mid of BTCUSDT-LINEAR.BYBIT``."""
    parameters = ", ".join(f"{name}={value}" for name, value in spec.parameters.items())
    instruments = ", ".join(dict.fromkeys(spec.instruments))
    return f"{spec.class_name}{f'({parameters})' if parameters else ''} of {instruments}"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a Markdown table."""
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _ago(unix_s: float) -> str:
    passed_s = max(0.0, time.time() - unix_s)
    if passed_s < 120:
        return f"{passed_s:.1f} s"
    return f"{passed_s / 60:.0f} min" if passed_s < 7200 else f"{passed_s / 3600:.1f} h"
