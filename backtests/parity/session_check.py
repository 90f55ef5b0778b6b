"""The check of a session: its replay compared with the live inputs, decisions and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.session.recorded_inputs import SessionError
from adapters.session.run_record import record_of
from adapters.session.session_files import LINES_FILE
from backtests.parity import divergence
from backtests.parity.parity_report import ParityReport
from backtests.parity.session_changes import changes_since
from backtests.parity.session_replay import replay

if TYPE_CHECKING:
    from adapters.session.recorded_session import RecordedSession
    from adapters.session.run_record import RunRecord
    from backtests.parity.divergence import Divergence
    from backtests.parity.input_comparison import Replayed

OTHER_LATENCY_MS: Final = 1_000.0
"""Order latency of the replay that shows whether decisions depend on executions."""


def check(session: RecordedSession) -> ParityReport:
    """Replay a session and compare.

    Raises
    ------
    SessionError
        If the session cannot be replayed, or holds no input.
    ConfigError
        If its strategy cannot be made.

    """
    report = ParityReport()
    for remark in [*session.remarks, *changes_since(session)]:
        report.add("note", remark)
    replayed = replay(session)
    if not replayed.inputs:
        msg = f"{session.folder}: the session holds nothing that its strategy was given"
        raise SessionError(msg)
    last = _compare_inputs(session, replayed, report)
    if session.lines_through < last:
        last = session.lines_through
        report.add("note", f"decisions and executions are recorded up to input {last:,} only")
    live = record_of(session.lines, last)
    end = last if live.stopped_at is None else live.stopped_at
    again = record_of(replayed.lines, end)
    again.decisions = divergence.cut_at_stop(again.decisions, live)
    if live.missing:
        found = f"{LINES_FILE} lacks line {live.missing[0]}"
        report.add("decisions", found, is_same=bool(session.header.get("dropped_lines")))
    _compare_decisions(session, live, again, report)
    if live.failure or replayed.failure:
        _compare_failures(live, replayed, report)
    for name in live.unrecorded:
        report.add("note", f"the strategy also used {name}, which a session does not hold")
    if live.stopped_at is not None:
        report.add("note", f"the node stopped the strategy after input {live.stopped_at:,}")
    return report


def _compare_inputs(session: RecordedSession, replayed: Replayed, report: ParityReport) -> int:
    """Report how the inputs compare; return the number of the last usable input."""
    if replayed.differs_at:
        report.add(
            "inputs",
            f"{replayed.differs_at - 1:,} identical; input {replayed.differs_at:,} differs: "
            f"{replayed.difference}",
            is_same=False,
        )
        return replayed.differs_at - 1
    kinds = ", ".join(f"{n:,} {k}" for k, n in replayed.kinds.items())
    same = f"{replayed.inputs:,} identical in order and bits ({kinds or 'none'})"
    if replayed.gap_at:
        # Inputs dropped and counted, or unwritten when the writer was killed, are known.
        is_known = session.dropped > 0 or session.recorded is None
        text = f"{same}; input {replayed.gap_at:,} is not in the recording: {replayed.gap}"
        report.add("inputs", text, is_same=is_known)
    elif session.recorded is not None and session.recorded != replayed.inputs:
        text = f"{same} of {session.recorded:,} that were recorded"
        report.add("inputs", text, is_same=False)
    else:
        report.add("inputs", f"{replayed.inputs:,} of {same}")
    return replayed.inputs


def _compare_decisions(
    session: RecordedSession, live: RunRecord, again: RunRecord, report: ParityReport
) -> None:
    events = divergence.first_divergence(live.events, again.events)
    decisions = divergence.first_divergence(live.decisions, again.decisions)
    count = f"{len(live.decisions):,}"
    if decisions is None:
        late = divergence.late_clock(live.decisions, again.decisions)
        lateness = ""
        if late:
            lateness = (
                f", but {len(late):,} that the clock caused came after another input live, "
                f"at most {max(late) / 1e6:.1f} ms late"
            )
        report.add("decisions", f"{count} of {count} identical, each at its input{lateness}")
    elif events is not None and divergence.is_excused(decisions, events):
        _compare_dependent(session, again, decisions, count, report)
    else:
        text = f"{decisions.index:,} of {count} identical, then: {decisions}"
        report.add("decisions", text, is_same=False)
    if events is None:
        report.add("executions", f"{len(live.events):,} of {len(live.events):,} at the same input")
    else:
        text = f"{events.index:,} of {len(live.events):,} at the same input, then: {events}"
        report.add("executions", text)


def _compare_dependent(
    session: RecordedSession,
    again: RunRecord,
    decisions: Divergence,
    count: str,
    report: ParityReport,
) -> None:
    """Judge decisions that differ after executions did, which may be the reason."""
    end = max((h.input for h in again.decisions), default=0)
    slower = record_of(replay(session, latency_ms=OTHER_LATENCY_MS).lines, end)
    text = f"{decisions.index:,} of {count} identical"
    if (
        divergence.first_divergence(again.decisions, slower.decisions[: len(again.decisions)])
        is None
    ):
        text += (
            ", and executions are no reason for it: with each order delayed by a second the "
            f"backtest decided the same. First: {decisions}"
        )
        report.add("decisions", text, is_same=False)
    else:
        text += f", up to the executions that came at another input. Then: {decisions}"
        report.add("decisions", text)


def _compare_failures(live: RunRecord, replayed: Replayed, report: ParityReport) -> None:
    line = next((n for n in replayed.lines if "failure" in n), None)
    again = f"{line['failure']} (at input {line['input']})" if line else replayed.failure
    is_same = live.failure == again
    report.add(
        "exceptions",
        f"the same in both: {live.failure}"
        if is_same
        else f"live: {live.failure or 'none'}; in the backtest: {again or 'none'}",
        is_same=is_same,
    )
