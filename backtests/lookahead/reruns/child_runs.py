"""ChildRuns: the runs of a look-ahead proof, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any, Final

from adapters.process.child import module_command
from adapters.process.whole_files import write_private
from backtests.lookahead.reruns.remade_factors import RemadeFactors
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from backtests.inputs.factor_delay import FactorDelay
    from backtests.lookahead.copies.proof_folder import ProofFolder

FIRST_LIMIT_S: Final = 7 * 24 * 3600.0
"""How long the first run may take; a later one is measured by it."""
LEAST_LIMIT_S: Final = 300.0
LIMIT_FACTOR: Final = 20.0
_CHILD: Final = "backtests.lookahead.reruns.rerun_process"


def rerun_limit_s(first_s: float) -> float:
    """Return how long a later run may take, by the duration of the first one, in seconds.

    It has no more work, only a machine that may be busier.
    """
    return max(LEAST_LIMIT_S, LIMIT_FACTOR * first_s)


class ProofError(DolphinError):
    """A look-ahead proof could not be made."""


class ChildRuns:
    """Run the same backtest repeatedly, over the catalog or a copy in its place.

    Parameters
    ----------
    arguments : sequence of str
        The command line of the backtest.
    catalog : Path
        The catalog of the backtest.
    folder : ProofFolder
        The folder of the copy.
    report : callable
        Called with a line for the user.
    limit_s : callable
        Returns how long a later run may take, by the duration of the first one, in seconds.

    """

    def __init__(
        self,
        arguments: Sequence[str],
        catalog: Path,
        folder: ProofFolder,
        report: Callable[[str], None],
        limit_s: Callable[[float], float] = rerun_limit_s,
    ) -> None:
        self._arguments: Final = list(arguments)
        self._catalog: Final = catalog
        self._folder: Final = folder
        self._report: Final = report
        self._has_reported_move = False
        self._rerun_limit_s: Final = limit_s
        self._limit_s = FIRST_LIMIT_S

    def first(self, delay: FactorDelay) -> dict[str, Any]:
        """Run over the catalog itself, in the window of the command line.

        Returns
        -------
        dict
            The result of :func:`backtests.lookahead.reruns.rerun_backtest.run`.

        Raises
        ------
        ProofError
            If the process did not answer.

        """
        started_s = time.monotonic()
        found = self._ask(self._request(delay, None))
        self._limit_s = self._rerun_limit_s(time.monotonic() - started_s)
        return found

    def again(
        self, base: dict[str, Any], until_ns: int, delay: FactorDelay, *, on_copy: bool
    ) -> dict[str, Any]:
        """Run in the window of the first run, up to an instant.

        Parameters
        ----------
        base : dict
            The result of the first run.
        until_ns : int
            The exclusive end of this run, UNIX nanoseconds.
        delay : FactorDelay
            The delays of the factors.
        on_copy : bool
            Whether to put the copy in the catalog's place, with the catalog out of reach.

        Returns
        -------
        dict
            The result of :func:`backtests.lookahead.reruns.rerun_backtest.run`.

        Raises
        ------
        ProofError
            If the process did not answer in time.
        ConfigError
            If the catalog cannot be put out of reach.

        """
        request = self._request(delay, str(self._folder.copy) if on_copy else None)
        request |= {
            "start_ns": base["start_ns"],
            "until_ns": until_ns,
            "fill_on": base["fill_on"],
        }
        return self._ask_isolated(request)

    def remade(self, function: str, *, on_copy: bool) -> RemadeFactors:
        """Let a function make factors anew.

        Parameters
        ----------
        function : str
            module:function.
        on_copy : bool
            Whether to put the copy in the catalog's place, with the catalog out of reach.

        Raises
        ------
        ProofError
            If the function fails, or the process did not answer in time.
        ConfigError
            If the catalog cannot be put out of reach.

        """
        values = self._folder.path / "remade.npz"
        values.unlink(missing_ok=True)
        started_s = time.monotonic()
        found = self._ask_isolated({
            "remake": function,
            "catalog": str(self._catalog),
            "copy": str(self._folder.copy) if on_copy else None,
            "values": str(values),
        }, None if on_copy else FIRST_LIMIT_S)  # fmt: skip
        if found["failure"]:
            raise ProofError(found["failure"])
        # A function may be slower than the backtest.
        limit_s = self._rerun_limit_s(time.monotonic() - started_s)
        self._limit_s = max(self._limit_s, limit_s)
        return RemadeFactors.read(values)

    def _ask_isolated(
        self, request: dict[str, Any], limit_s: float | None = None
    ) -> dict[str, Any]:
        found = self._ask(request, limit_s)
        if "not_isolated" not in found:
            return found
        if not self._has_reported_move:
            self._has_reported_move = True
            self._report(
                f"this machine permits no namespaces of one's own ({found['not_isolated']}): "
                "the catalog is moved aside while a scrambled copy is in its place"
            )
        with self._folder.moved_aside():
            return self._ask(request | {"copy": None}, limit_s)

    def _request(self, delay: FactorDelay, copy: str | None) -> dict[str, Any]:
        return {
            "arguments": self._arguments,
            "catalog": str(self._catalog),
            "copy": copy,
            "delay": {"all_ns": delay.all_ns, "by_name": dict(delay.by_name)},
            "start_ns": None,
            "until_ns": None,
            "fill_on": None,
        }

    def _ask(self, request: dict[str, Any], limit_s: float | None = None) -> dict[str, Any]:
        """Start a child and wait for its answer."""
        limit_s = self._limit_s if limit_s is None else limit_s
        asked = self._folder.path / "request.json"
        answered = self._folder.path / "answer.json"
        answered.unlink(missing_ok=True)
        write_private(asked, json.dumps(request))
        try:
            child = subprocess.run(
                module_command(_CHILD, asked, answered),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=limit_s,
            )
        except subprocess.TimeoutExpired:
            msg = (
                f"a run of the proof did not end within {limit_s:,.0f} s; does the strategy "
                "wait for something that comes only once?"
            )
            raise ProofError(msg) from None
        if child.returncode or not answered.is_file():
            msg = f"a run of the proof ended with code {child.returncode}:\n{child.stdout[-2000:]}"
            raise ProofError(msg)
        found: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
        return found
