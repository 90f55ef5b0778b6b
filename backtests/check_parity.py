"""Replay a recorded session in a backtest and compare what the strategy got and did."""

from __future__ import annotations

import argparse
import hashlib
import inspect
import platform
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from adapters.session.recorded_inputs import SessionError
from adapters.session.recorded_session import RecordedSession
from adapters.session.session_files import LINES_FILE
from backtests.parity import comparison
from backtests.parity.session_replay import make_strategy, replay
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.parity.comparison import Parting, Record
    from backtests.parity.replay_log import Replayed

EPILOG: Final = """\
The session is what run_node.py --record FOLDER left. Run this from where the node was started,
so that the strategy is found.

exit codes: 0 parity; 1 not; 2 the session cannot be used, or bad usage.
"""

PARITY: Final = 0
NO_PARITY: Final = 1
UNUSABLE: Final = 2
OTHER_LATENCY_MS: Final = 1_000.0
"""Of the replay that shows whether the decisions depend on executions at all."""


@dataclass(kw_only=True)
class Verdict:
    """The report of a comparison, and whether it found comparison."""

    lines: list[str] = field(default_factory=list)
    is_parity: bool = True

    def add(self, name: str, text: str, *, is_same: bool = True) -> None:
        """Add a line; one that differs decides."""
        self.lines.append(f"{name:<11}{text}")
        self.is_parity = self.is_parity and is_same


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="check_parity.py",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("session", type=Path, metavar="SESSION_DIR", help="the session's folder")
    options = parser.parse_args(arguments)
    try:
        verdict = check(RecordedSession(options.session))
    except DolphinError as error:
        say(f"check_parity.py: {error}", to=sys.stderr)
        return UNUSABLE
    say(f"{options.session}: {'PARITY' if verdict.is_parity else 'NO PARITY'}")
    say("\n".join(f"  {line}" for line in verdict.lines))
    return PARITY if verdict.is_parity else NO_PARITY


def check(session: RecordedSession) -> Verdict:
    """Replay a session and compare.

    Raises
    ------
    DolphinError
        If it cannot be replayed.

    """
    verdict = Verdict()
    for remark in [*session.remarks, *_changes(session)]:
        verdict.add("note", remark)
    replayed = replay(session)
    if not replayed.inputs:
        msg = f"{session.folder}: the session holds nothing that its strategy was given"
        raise SessionError(msg)
    last = _compare_inputs(session, replayed, verdict)
    if session.lines_through < last:
        last = session.lines_through
        verdict.add("note", f"decisions and executions are recorded up to input {last:,} only")
    live = comparison.record_of(session.lines, last)
    end = last if live.stopped_at is None else live.stopped_at
    again = comparison.record_of(replayed.lines, end)
    again.decisions = comparison.cut_at_stop(again.decisions, live)
    if live.missing:
        found = f"{LINES_FILE} lacks line {live.missing[0]}"
        verdict.add("decisions", found, is_same=bool(session.header.get("dropped_lines")))
    _compare_decisions(session, live, again, verdict)
    if live.failure or replayed.failure:
        _compare_failures(live, replayed, verdict)
    for name in live.unrecorded:
        verdict.add("note", f"the strategy also used {name}, which a session does not hold")
    if live.stopped_at is not None:
        verdict.add("note", f"the node stopped the strategy after input {live.stopped_at:,}")
    return verdict


def _compare_inputs(session: RecordedSession, replayed: Replayed, verdict: Verdict) -> int:
    """Say how the inputs compare, and return up to which one all else is compared."""
    if replayed.differs_at:
        verdict.add(
            "inputs",
            f"{replayed.differs_at - 1:,} identical; input {replayed.differs_at:,} differs: "
            f"{replayed.difference}",
            is_same=False,
        )
        return replayed.differs_at - 1
    kinds = ", ".join(f"{n:,} {k}" for k, n in replayed.kinds.items())
    same = f"{replayed.inputs:,} identical in order and bits ({kinds or 'none'})"
    if replayed.gap_at:
        # What was dropped and counted, or not yet written when the writer was killed, is known.
        is_known = session.dropped > 0 or session.recorded is None
        text = f"{same}; input {replayed.gap_at:,} is not in the recording: {replayed.gap}"
        verdict.add("inputs", text, is_same=is_known)
    elif session.recorded is not None and session.recorded != replayed.inputs:
        text = f"{same} of {session.recorded:,} that were recorded"
        verdict.add("inputs", text, is_same=False)
    else:
        verdict.add("inputs", f"{replayed.inputs:,} of {same}")
    return replayed.inputs


def _compare_decisions(
    session: RecordedSession, live: Record, again: Record, verdict: Verdict
) -> None:
    events = comparison.first_parting(live.events, again.events)
    decisions = comparison.first_parting(live.decisions, again.decisions)
    count = f"{len(live.decisions):,}"
    if decisions is None:
        late = comparison.late_clock(live.decisions, again.decisions)
        told = ""
        if late:
            told = (
                f", but {len(late):,} that the clock caused came after another input live, "
                f"at most {max(late) / 1e6:.1f} ms late"
            )
        verdict.add("decisions", f"{count} of {count} identical, each at its input{told}")
    elif events is not None and comparison.is_excused(decisions, events):
        _compare_dependent(session, again, decisions, count, verdict)
    else:
        text = f"{decisions.index:,} of {count} identical, then: {decisions}"
        verdict.add("decisions", text, is_same=False)
    if events is None:
        verdict.add(
            "executions", f"{len(live.events):,} of {len(live.events):,} at the same input"
        )
    else:
        text = f"{events.index:,} of {len(live.events):,} at the same input, then: {events}"
        verdict.add("executions", text)


def _compare_dependent(
    session: RecordedSession,
    again: Record,
    decisions: Parting,
    count: str,
    verdict: Verdict,
) -> None:
    """Judge decisions that differ after executions did, which may be the reason."""
    end = max((h.input for h in again.decisions), default=0)
    slower = comparison.record_of(replay(session, latency_ms=OTHER_LATENCY_MS).lines, end)
    text = f"{decisions.index:,} of {count} identical"
    if comparison.first_parting(again.decisions, slower.decisions[: len(again.decisions)]) is None:
        text += (
            ", and executions are no reason for it: with each order delayed by a second the "
            f"backtest decided the same. First: {decisions}"
        )
        verdict.add("decisions", text, is_same=False)
    else:
        text += f", up to the executions that came at another input. Then: {decisions}"
        verdict.add("decisions", text)


def _compare_failures(live: Record, replayed: Replayed, verdict: Verdict) -> None:
    again = next((n for n in replayed.lines if "failure" in n), None)
    told = f"{again['failure']} (at input {again['input']})" if again else replayed.failure
    is_same = live.failure == told
    verdict.add(
        "exceptions",
        f"the same in both: {live.failure}"
        if is_same
        else f"live: {live.failure or 'none'}; in the backtest: {told or 'none'}",
        is_same=is_same,
    )


def _changes(session: RecordedSession) -> list[str]:
    """Return what has changed since the session was recorded."""
    told = []
    for name, was in session.header.get("versions", {}).items():
        now = platform.python_version() if name == "python" else _version(name)
        if now != was:
            told.append(f"recorded with {name} {was}, replayed with {now}")
    source = Path(inspect.getfile(type(make_strategy(session))))
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    if digest != session.header["strategy"].get("source_sha256", digest):
        told.append(f"{source.name} has changed since the session was recorded")
    return told


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


if __name__ == "__main__":
    # Python put this script's folder there; a strategy's module may have the name of one of ours.
    sys.path[0] = str(Path.cwd())
    sys.exit(main())
