"""WatchMemory: what a watch saw, a line for each result, so that the next start goes on."""

from __future__ import annotations

import fcntl
import json
import math
import os
from typing import TYPE_CHECKING, Any, Final

from dolphin_strategies.envelope.watch_rules import TradeResult
from dolphin_strategies.errors import ConfigError, DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dolphin_strategies.envelope.watch_rules import WatchRules

_FORM: Final = "dolphin-envelope-memory 1"


def replay_into(rules: WatchRules, kind: str, values: list[Any]) -> None:
    """Give rules a result that was remembered."""
    if kind == "count":
        rules.take_count(int(values[0]))
        return
    result, slippage, low, high = values
    paid = math.nan if slippage is None else slippage
    rules.take_trade(TradeResult(result=result, slippage=paid, low=low, high=high))


def remembered(path: Path, rules: WatchRules, opened: Callable[[Path, int], int]) -> None:
    """Give rules everything that a watch has remembered, also while it goes on.

    Raises
    ------
    ConfigError
        If there is no such file, or its lines are no results.

    """
    try:
        with os.fdopen(opened(path, os.O_RDONLY), "rb") as file:
            content = file.read()
        for line in content[: content.rfind(b"\n") + 1].splitlines()[1:]:
            kind, *values = json.loads(line)
            replay_into(rules, kind, values)
    except FileNotFoundError:
        msg = f"{path}: the watch over the node has remembered nothing yet"
        raise ConfigError(msg) from None
    except (ValueError, TypeError, RecursionError) as error:
        msg = f"{path}: expected the results of a watch, found another line ({error})"
        raise ConfigError(msg) from None


class MemoryHeldError(DolphinError):
    """Another process writes the same memory."""


class WatchMemory:
    """Appends results to a file, and gives those of earlier runs.

    Parameters
    ----------
    fd : int
        The file, open to read and write; the memory closes it.
    path : Path
        Its path, for messages.
    sha256 : str
        The hash of the envelope that the results are compared with.

    Attributes
    ----------
    earlier : list of list
        The results of earlier runs. A line that a kill has cut off is left out.
    lost : int
        Results that could not be written.

    Raises
    ------
    ConfigError
        If it is another envelope's, or no such file.
    MemoryHeldError
        If another process writes it.

    """

    def __init__(self, fd: int, path: Path, sha256: str) -> None:
        self.lost = 0
        self._fd = fd
        try:
            self.earlier: Final[list[list[Any]]] = self._begin(path, sha256)
        except BaseException:
            self.close()
            raise

    def _begin(self, path: Path, sha256: str) -> list[list[Any]]:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            msg = f"{path} is written by another process: stop it, or name another `memory`"
            raise MemoryHeldError(msg) from None
        content = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
        whole = content[: content.rfind(b"\n") + 1]
        first, *lines = whole.decode("utf-8", "replace").splitlines() or [""]
        header = f"{_FORM} {sha256}"
        if content and first != header:
            msg = (
                f"{path} remembers the results against another envelope: remove it to begin anew, "
                "or name another `memory` in [envelope]"
            )
            raise ConfigError(msg)
        os.ftruncate(self._fd, len(whole))
        os.lseek(self._fd, 0, os.SEEK_END)
        if not content:
            os.write(self._fd, f"{header}\n".encode())
        try:
            return [json.loads(line) for line in lines]
        except (ValueError, RecursionError) as error:
            msg = f"{path}: expected lines of JSON, found another ({error}): remove it"
            raise ConfigError(msg) from None

    def add(self, kind: str, *values: float | None) -> None:
        """Append one result whole or not at all. A full disk is no reason to end a node."""
        line = f"{json.dumps([kind, *values])}\n".encode()
        end = os.lseek(self._fd, 0, os.SEEK_CUR)
        try:
            if os.write(self._fd, line) == len(line):
                return
        except OSError:
            pass
        self.lost += 1
        # What a full disk took of the line would spoil the next one.
        os.ftruncate(self._fd, end)
        os.lseek(self._fd, end, os.SEEK_SET)

    def close(self) -> None:
        """Close the file; calls after the first do nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
