"""Remaking: recorded columns made anew on copies with a different future, and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.catalog import FactorCatalog
from adapters.catalog.reading.forms.arrays import to_arrays
from backtests.lookahead.copies.blanked_columns import blank
from backtests.lookahead.reruns.child_runs import ProofError
from backtests.lookahead.reruns.remade_factors import RECORDED_ERROR, RemadeFactors, first_changed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from backtests.lookahead.copies.proof_folder import ProofFolder
    from backtests.lookahead.reruns.child_runs import ChildRuns


class Remaking:
    """Let a user's function make recorded columns anew, and compare them.

    Parameters
    ----------
    runs : ChildRuns
        The processes of the proof.
    folder : ProofFolder
        The folder of the copy.
    function : str
        module:function.

    """

    def __init__(self, runs: ChildRuns, folder: ProofFolder, function: str) -> None:
        self._runs: Final = runs
        self._folder: Final = folder
        self.function: Final = function
        self._base: Final = runs.remade(function, on_copy=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The factors that are made anew."""
        return self._base.names

    def check_recorded(
        self, catalog: Path, window: tuple[int, int], recordings: Sequence[str] | None
    ) -> int:
        """Compare with what is recorded; return how many values there are in a window.

        Parameters
        ----------
        catalog : Path
            The catalog.
        window : tuple of int
            The start and the exclusive end, UNIX nanoseconds.
        recordings : sequence of str, optional
            Which recordings; None: all.

        Raises
        ------
        ProofError
            If the function makes other values than those recorded.
        UnknownFactorError
            If no recording has one of the factors.

        """
        batches = FactorCatalog(catalog).batches(*window, recordings=recordings, names=self.names)
        ts, values = to_arrays(list(batches), self.names)
        recorded = RemadeFactors(names=self.names, ts_init=ts, values=values)
        made = self._base.as_of(ts)
        # A record of another recording has no value of them.
        made.values[np.isnan(values)] = np.nan
        difference = first_changed(recorded, made, window[1], RECORDED_ERROR)
        if difference:
            msg = (
                f"--remake {self.function} does not make what is recorded: {difference} "
                "(first as recorded, then as made anew)"
            )
            raise ProofError(msg)
        return int(np.count_nonzero(~np.isnan(values)))

    def count(self, at_ns: int) -> int:
        """Return how many values are known up to an instant, UNIX nanoseconds."""
        return self._base.count(at_ns)

    def difference(self, at_ns: int) -> str:
        """Make the columns on the copy as it is, without the recorded ones; compare.

        Parameters
        ----------
        at_ns : int
            The instant after which the copy is scrambled, UNIX nanoseconds.

        Returns
        -------
        str
            The earliest difference up to the instant; empty without one.

        Raises
        ------
        ProofError
            If the function fails.

        """
        blank(self._folder.copy, self.names)
        return first_changed(self._base, self._runs.remade(self.function, on_copy=True), at_ns)

    def control(self, at_ns: int) -> str:
        """Do the same on an unscrambled copy."""
        self._folder.renew_copy()
        return self.difference(at_ns)
