"""ParityReport: the lines that check_parity.py prints, and whether they amount to parity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class ParityReport:
    """A comparison of a session with its replay.

    Attributes
    ----------
    lines : list of str
        The comparisons and their results.
    is_parity : bool
        Whether no line reports an unexpected difference.
    compared : list of dict
        The same as `lines`: what was compared, the result, and whether it allows parity.

    """

    lines: list[str] = field(default_factory=list)
    is_parity: bool = True
    compared: list[dict[str, str | bool]] = field(default_factory=list)

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
        self.compared.append({"name": name, "text": text, "is_same": is_same})
        self.is_parity = self.is_parity and is_same

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict and what was compared, for JSON."""
        return {"is_parity": self.is_parity, "compared": self.compared}
