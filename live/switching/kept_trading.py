"""KeptTrading: the last command and what losses count from, kept over the ends of a node."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from adapters.process.safe_files import open_file, open_or_make, open_private
from adapters.run_state.journal import Journal
from adapters.run_state.state_file import StateHeldError, StateWriter
from dolphin_strategies.errors import ConfigError, DolphinError
from dolphin_strategies.order_gates.risk.losses.loss_rules import Baseline
from dolphin_strategies.order_gates.risk.trading import COMMANDS, Change

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adapters.run_state.state_file import Written

ACCOUNT_SUFFIX: Final = ".account"
"""What losses count from lies beside the journal, in a file of two slots."""


def journal_at(path: Path) -> Journal:
    """Return the journal at a path, whether or not there is one yet."""
    return Journal(path, partial(open_private, appends=True), open_file)


def last_change(journal: Journal) -> Change | None:
    """Return the last command in a journal.

    Raises
    ------
    JournalError
        If it cannot be read.

    """
    for row in reversed(journal.entries()):
        if row.get("command") in COMMANDS:
            who, why = str(row.get("who", "somebody")), str(row.get("why", ""))
            return Change(command=row["command"], who=who, why=why)
    return None


class KeptTrading:
    """The journal of one node, which holds a lock on it while it runs.

    Parameters
    ----------
    path : Path, optional
        The journal; None: nothing is kept.
    tell : callable
        Takes a line for the user.

    Attributes
    ----------
    last : Change or None
        The last command, which holds on.
    baseline : Baseline or None
        What losses counted from.

    Raises
    ------
    ConfigError
        If another node runs with the same journal, or it cannot be used.

    """

    def __init__(self, path: Path | None, tell: Callable[[str], object]) -> None:
        self._tell: Final = tell
        self._is_told = False
        self.last: Change | None = None
        self.baseline: Baseline | None = None
        self.journal: Journal | None = None
        self._memory: StateWriter | None = None
        if path is None:
            return
        self.journal = journal_at(path)
        memory = path.with_name(path.name + ACCOUNT_SUFFIX)
        try:
            self._memory = StateWriter(open_or_make(memory), memory)
            self.baseline = _baseline(self._memory.earlier)
            self.last = last_change(self.journal)
        except StateHeldError as error:
            msg = f"{path} is the journal of process {error.pid}: end that, or choose another file"
            raise ConfigError(msg) from None
        except (OSError, DolphinError) as error:
            self.close()
            msg = f"{path} cannot be this node's journal: {error}"
            raise ConfigError(msg) from None

    def append(self, **entry: Any) -> bool:
        """Append an entry; return whether it is on the disk, or nothing is kept at all.

        A journal that fails is told, and trading goes on: a halt must not fail with the disk.
        """
        if self.journal is None:
            return True
        try:
            self.journal.append(**entry)
        except DolphinError as error:
            self._tell(f"JOURNAL: {error}")
            return False
        return True

    def remember(self, baseline: Baseline) -> None:
        """Keep what losses count from."""
        self.baseline = baseline
        if self._memory is None:
            return
        try:
            self._memory.write(orjson.dumps(dataclasses.asdict(baseline), default=str))
        except (OSError, ValueError) as error:
            if not self._is_told:
                self._is_told = True
                self._tell(f"what losses count from cannot be kept: {error}")

    def close(self) -> None:
        """Release the lock; safe to call again."""
        if self._memory is not None:
            self._memory.close()


def _baseline(written: Written | None) -> Baseline | None:
    if written is None:
        return None
    with suppress(ValueError, TypeError, KeyError, ArithmeticError):
        table = orjson.loads(written.content)
        day = int(table.pop("day"))
        return Baseline(day=day, **{name: Decimal(value) for name, value in table.items()})
    return None
