"""A recorded session that somebody else made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from adapters.catalog import RecordingWriter
from adapters.session.recorded_session import RecordedSession
from adapters.session.session_files import FORMAT, LINES_FILE, SESSION_FILE
from dolphin_strategies.errors import DolphinError
from tests.integration.security.test_hostile_catalog import BAD, DEEP, write_journal
from tests.support.catalogs.factor_batches import numbered

if TYPE_CHECKING:
    from pathlib import Path

HEADER: Final = {"recording": "one", "strategy": {}, "sandbox": {}, "format": FORMAT, "ended": "x"}
LINE: Final = '{"input": 1, "line": 1}\n'


def session_at(folder: Path, header: str, lines: str) -> Path:
    """Make a session of factors with these texts."""
    with RecordingWriter(folder, source="s", name="one") as writer:
        writer.write_factors(numbered(1, 10))
    (folder / SESSION_FILE).write_text(header)
    (folder / LINES_FILE).write_text(lines)
    return folder


def test_a_session_made_by_hand_is_read(tmp_path: Path) -> None:
    """Or the others would prove nothing."""
    assert RecordedSession(session_at(tmp_path, json.dumps(HEADER), LINE)).recorded == 10


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        (DEEP, LINE),
        ("[]", LINE),
        ("9" * 10_000, LINE),
        (json.dumps({**HEADER, "recording": "../../x"}), LINE),
        (json.dumps({**HEADER, "recording": "\x1b[2J"}), LINE),
        (json.dumps(HEADER), DEEP + "\n"),
        (json.dumps(HEADER), "[]\n"),
        (json.dumps(HEADER), '"through"\n'),
        (json.dumps(HEADER), '{"through": {}}\n'),
        (json.dumps(HEADER), '{"input": 1e999, "line": 1}\n'),
    ],
    ids=["deep", "list", "number", "outside", "escape", "deep line", "list line", "text line",
         "object", "infinite"],
)  # fmt: skip
def test_a_hostile_session_is_refused_by_name(tmp_path: Path, header: str, lines: str) -> None:
    """With an error of ours, whatever its header and its lines are."""
    with pytest.raises(DolphinError):
        RecordedSession(session_at(tmp_path, header, lines))


@pytest.mark.parametrize("value", BAD[:14], ids=range(14))
def test_totals_of_any_kind_raise_nothing_foreign(tmp_path: Path, value: Any) -> None:
    """A journal's end that says how many there were, in whatever form."""
    folder = session_at(tmp_path, json.dumps(HEADER), LINE)
    journal = folder / "recordings/one/journal.jsonl"
    write_journal(journal, [{"event": "start"}, {"event": "end", "recorded": value}])
    try:
        found = RecordedSession(folder)
    except DolphinError:
        return
    assert found.recorded == value
