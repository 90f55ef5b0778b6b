"""ParityReport: the lines that check_parity.py prints, and whether they amount to parity."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class ParityReport:
    """A comparison of a session with its replay.

    Attributes
    ----------
    lines : list of str
        The comparisons and their results.
    is_parity : bool
        Whether no line reports an unexpected difference.

    """

    lines: list[str] = field(default_factory=list)
    is_parity: bool = True

    def add(self, name: str, text: str, *, is_same: bool = True) -> None:
        """Add a line.

        Parameters
        ----------
        name : str
            The subject of the comparison, or "note".
        text : str
            The result.
        is_same : bool
            Whether the comparison allows parity.

        """
        self.lines.append(f"{name:<11}{text}")
        self.is_parity = self.is_parity and is_same
