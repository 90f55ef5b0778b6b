"""The journal: appended lines, a kill in the middle of one, several writers, and what is kept."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from adapters.process.safe_files import UnusableFileError
from adapters.process.whole_files import write_private
from dolphin_strategies.errors import ConfigError
from dolphin_strategies.order_gates.risk.losses.loss_rules import Baseline
from live.switching.escalation import hand_over, path_beside, take
from live.switching.kept_trading import KeptTrading, journal_at, last_change
from live.switching.switch_words import BadRequestError, Request

if TYPE_CHECKING:
    from pathlib import Path


def test_what_a_kill_left_of_a_line_hides_no_other(tmp_path: Path) -> None:
    """The half line is skipped, and what is appended after it is whole."""
    journal = journal_at(tmp_path / "journal")
    journal.append(event="change", command="halt", who="a", why="b")
    whole = journal.path.read_bytes()
    for cut in range(1, len(whole) - 1):
        journal.path.write_bytes(whole + whole[:cut])
        journal.append(event="change", command="reduce", who="c", why="")
        assert [e["command"] for e in journal.entries()] in (
            ["halt", "reduce"],
            ["halt", "halt", "reduce"],
        )
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_the_last_command_holds_and_other_lines_do_not(tmp_path: Path) -> None:
    """A start, an end and what somebody else wrote are no commands."""
    journal = journal_at(tmp_path / "journal")
    assert last_change(journal) is None
    journal.append(event="change", command="flat", who="ann", why="news")
    journal.append(event="end", code=0)
    journal.append(event="odd", command="explode")
    found = last_change(journal)
    assert found is not None
    assert str(found) == "flat by ann: news"


def test_a_link_is_never_followed(tmp_path: Path) -> None:
    """Nothing is written where somebody else points to."""
    (tmp_path / "theirs").write_text("")
    (tmp_path / "journal").symlink_to(tmp_path / "theirs")
    with pytest.raises(UnusableFileError, match="symbolic link"):
        journal_at(tmp_path / "journal").append(event="change", command="halt")
    assert (tmp_path / "theirs").read_text() == ""


def test_what_losses_count_from_outlives_a_run(tmp_path: Path) -> None:
    """To the last digit; and no second run has the same journal at the same time."""
    path = tmp_path / "journal"
    baseline = Baseline(
        day=3, day_began=Decimal("10.10"), highest=Decimal(12), newest=Decimal("9.123456789")
    )
    first = KeptTrading(path, print)
    first.remember(baseline)
    first.close()
    second = KeptTrading(path, print)
    assert second.baseline == baseline
    second.close()


def test_a_journal_that_cannot_be_used_is_refused_at_the_start(tmp_path: Path) -> None:
    """A folder in its place, before any order client is made."""
    path = tmp_path / "journal"
    path.mkdir()
    with pytest.raises(ConfigError, match="cannot be this node's journal"):
        KeptTrading(path, print)


def test_a_journal_that_fails_later_is_told_and_the_command_holds(tmp_path: Path) -> None:
    """Whoever asked is told that it is not on the disk."""
    path, told = tmp_path / "journal", list[str]()
    kept = KeptTrading(path, told.append)
    assert kept.append(event="change", command="halt")
    path.unlink()
    path.mkdir()
    assert not kept.append(event="change", command="halt")
    assert told[0].startswith("JOURNAL: ")
    kept.close()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"command": "halt", "why": "a\\u0007b"}\n', Request("halt", "a b")),
        (b"flat the end of the world\n", Request("flat", "the end of the world")),
        (b"status", Request("status")),
    ],
)
def test_a_request_is_json_or_words(line: bytes, expected: Request) -> None:
    """What would move a terminal's cursor does not come through."""
    assert Request.decode(line) == expected


@pytest.mark.parametrize("line", [b"", b"stop", b"{", b'{"command": 1}', b'{"why": []}', b"\xff"])
def test_other_lines_are_refused(line: bytes) -> None:
    """With the words that there are."""
    with pytest.raises(BadRequestError, match="expected one of resume, reduce, halt, flat"):
        Request.decode(line)


def test_nobody_takes_a_command_where_no_watchdog_is(tmp_path: Path) -> None:
    """It is taken away again, so that a watchdog of tomorrow does not act on it."""
    state = tmp_path / "state"
    assert not hand_over(state, os.getpid(), "halt", "ann", "")
    assert not path_beside(state).exists()
    assert take(state, os.getpid()) is None


def test_a_command_for_another_process_is_left(tmp_path: Path) -> None:
    """The node was started again meanwhile: its successor is not ended for it."""
    state = tmp_path / "state"
    write_private(path_beside(state), '{"pid": 17, "command": "flat", "who": "ann", "why": ""}')
    assert take(state, 18) is None
    found = take(state, 17)
    assert found is not None
    assert (found["command"], found["who"]) == ("flat", "ann")
    assert not path_beside(state).exists()
