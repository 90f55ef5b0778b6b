"""The command ``compare``: two nodes' sessions side by side, as text or JSON."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.command.terminal import say, say_document
from adapters.command.text_table import text_table
from adapters.command.user_code.strategy_class import find_strategy
from dolphin_strategies.errors import ConfigError, DolphinError
from live.fleet.comparison.session_view import SessionView
from live.fleet.comparison.side_by_side import side_by_side
from live.fleet.settings.leadership import journal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from live.fleet.comparison.side_by_side import FirstDifference, SideBySide
    from live.fleet.settings.fleet_settings import FleetSettings

SAME: Final = 0
DIFFERENT: Final = 1
MOST_FACTORS: Final = 12


def compare(
    settings: FleetSettings,
    names: Sequence[str],
    sessions: Sequence[Path] | None,
    running: Sequence[str],
    *,
    as_json: bool,
) -> int:
    """Compare two nodes; return 0 if all decisions at common records are the same, else 1.

    Parameters
    ----------
    settings : FleetSettings
        The file.
    names : sequence of str
        The two nodes; empty: BLUE and GREEN of the only pair.
    sessions : sequence of Path, optional
        Their sessions; None: the newest ones that have ended.
    running : sequence of str
        Sessions that are being recorded.

    Raises
    ------
    ConfigError
        If there are no two nodes, or no sessions.
    SessionError
        If a session cannot be used.

    """
    blue, green = names or _only_pair(settings)
    if sessions is None:
        sessions = [_newest(settings, name, running) for name in (blue, green)]
    views = [SessionView.read(folder) for folder in sessions]
    found = side_by_side(*views)
    factors = {} if found.first is None else views[0].factors_of(found.first.record)
    if as_json:
        report = {"sessions": [str(v.folder) for v in views], **asdict(found), "factors": factors}
        if found.first is not None:
            record = found.first.record
            report["first"]["record"] = {
                "stream_id": f"{record.stream_id:016x}", "sequence": record.sequence,
            }  # fmt: skip
        say_document(report)
    else:
        say(_text((blue, green), views, found, factors))
    return SAME if found.records and not found.differing else DIFFERENT


def _only_pair(settings: FleetSettings) -> tuple[str, str]:
    pairs = sorted({n.pair for n in settings.nodes if n.role})
    if len(pairs) != 1:
        msg = f"compare: expected the NAMEs of two nodes; there are the pairs {', '.join(pairs)}"
        raise ConfigError(msg)
    of_role = {n.role: n.name for n in settings.nodes if n.role}
    return of_role["blue"], of_role["green"]


def _newest(settings: FleetSettings, name: str, running: Sequence[str]) -> Path:
    found = [
        line["session"]
        for line in journal_of(settings).entries()
        if line["event"] == "started" and line["name"] == name and line.get("session")
        if line["session"] not in running and Path(line["session"]).is_dir()
    ]
    if not found:
        msg = (
            f"no session of {name} has ended: 'restart {name}' ends the one that runs, "
            "if its [[node]] has record = true"
        )
        raise ConfigError(msg)
    return Path(found[-1])


def _text(
    names: tuple[str, str],
    views: Sequence[SessionView],
    found: SideBySide,
    factors: dict[str, float],
) -> str:
    if not found.records:
        return (
            "the two sessions have no factor record in common: they were not recorded at the same "
            "time on one region"
        )
    rows = [("", *names), ("strategy", *(v.strategy.rpartition(":")[2] for v in views))]
    rows.append(("records of its own only", *(f"{n:,}" for n in found.only)))
    rows += [
        (name.replace("_", " "), _cell(ours), _cell(theirs))
        for name, (ours, theirs) in found.figures.items()
    ]
    decided = found.same + found.differing
    head = (
        f"{found.records:,} records given to both; at {decided:,} of them somebody decided: "
        f"{found.same:,} the same, {found.differing:,} not"
    )
    lines = [head, text_table(rows, right=(1, 2))]
    if found.first is not None:
        lines += _difference(names, found.first, _needed(views, factors))
    return "\n".join(lines)


def _difference(
    names: tuple[str, str], first: FirstDifference, factors: dict[str, float]
) -> list[str]:
    return [
        f"first difference at record {first.record.sequence:,} of stream "
        f"{first.record.stream_id:016x}:",
        *(
            f"  {name}: {'; '.join(done) or 'nothing'}"
            for name, done in zip(names, (first.blue, first.green), strict=True)
        ),
        "  factors: " + ", ".join(f"{name} {value:.6g}" for name, value in factors.items()),
    ]


def _needed(views: Sequence[SessionView], factors: dict[str, float]) -> dict[str, float]:
    """Return the factors that the strategies require; the first ones if that is unknown."""
    wanted: list[str] = []
    for view in views:
        try:
            wanted += find_strategy(view.strategy).required_factors
        except DolphinError:
            continue
    names = [n for n in dict.fromkeys(wanted) if n in factors] or [*factors][:MOST_FACTORS]
    return {name: factors[name] for name in names}


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return (
        f"{value:,.6g}"
        if isinstance(value, float)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
    )
