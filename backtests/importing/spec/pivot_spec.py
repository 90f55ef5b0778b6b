"""PivotSpec: how the rows of a long file become columns, each of which may become a factor."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from string import Formatter
from typing import Annotated, Final

from adapters.command.field_rules import CheckedFields, Rule
from dolphin_strategies.errors import did_you_mean
from dolphin_strategies.factors.schema import is_factor_name

COLUMN: Final = "column"
"""The placeholder of the column from which a value comes."""
SOME_VALUES: Final = Rule('the columns of the values, such as ["value"]', bool)
IN_NAMES: Final = Rule(
    "letters, digits, '_', '.' or '-'", lambda text: not text or is_factor_name(f"a{text}")
)
_PATTERN: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, kw_only=True)
class PivotSpec(CheckedFields):
    """``pivot``: the rows of a long file as columns.

    Attributes
    ----------
    factor : str
        The pattern of the names, with columns in braces: ``{metric}_{asset}``; ``{column}`` is
        the name of the column of the value.
    values : list of str
        The columns of the values.
    rename : dict of str to dict of str to str
        By placeholder: texts of the file, and what stands in the name instead.
    lower : bool
        Whether the names are made lower-case.
    other : str
        What stands for each character that no factor's name may have; empty: such a name is
        refused.

    Raises
    ------
    ValueError
        If the pattern is none, or names of one text would be made of different values.

    """

    factor: str
    values: Annotated[list[str], SOME_VALUES]
    rename: dict[str, dict[str, str]] = field(default_factory=dict)
    lower: bool = False
    other: Annotated[str, IN_NAMES] = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        placeholders = self._placeholders()
        if not self.labels:
            msg = (
                f"factor: expected a pattern with columns in braces such as "
                f'"{{metric}}_{{asset}}", found {self.factor!r}'
            )
            raise ValueError(msg)
        if len(set(self.values)) < len(self.values):
            msg = f"values: a column appears twice: {', '.join(self.values)}"
            raise ValueError(msg)
        if len(self.values) > 1 and COLUMN not in placeholders:
            msg = (
                f"factor: with {len(self.values)} columns of values the pattern needs "
                f'{{{COLUMN}}}, such as "{{{COLUMN}}}_{self.factor}"'
            )
            raise ValueError(msg)
        for name in self.rename:
            if name not in placeholders:
                msg = (
                    f"rename: {name!r} is not in braces in {self.factor!r}"
                    f"{did_you_mean(name, placeholders)}"
                )
                raise ValueError(msg)

    @property
    def labels(self) -> list[str]:
        """The columns of the file that are in the pattern."""
        return [name for name in self._placeholders() if name != COLUMN]

    def name_of(self, labels: dict[str, str], column: str) -> str:
        """Return the name of a factor, which is not checked.

        Parameters
        ----------
        labels : dict of str to str
            The text of each of ``labels``, renamed already.
        column : str
            The column of the value, renamed already.

        """
        name = self.factor.format(**labels, **{COLUMN: column})
        if self.lower:
            name = name.lower()
        return re.sub(r"[^A-Za-z0-9_.-]", self.other, name) if self.other else name

    def renamed(self, placeholder: str, text: str) -> str:
        """Return what stands in names for a text of the file."""
        return self.rename.get(placeholder, {}).get(text, text)

    def _placeholders(self) -> list[str]:
        found = []
        try:
            parts = list(Formatter().parse(self.factor))
        except ValueError as error:
            msg = f"factor: {self.factor!r} is no pattern: {error}"
            raise ValueError(msg) from None
        for _, name, form, conversion in parts:
            if name is None:
                continue
            if form or conversion or not name or re.search(r"[.\[\]]|^\d+$", name):
                msg = (
                    f"factor: expected column names in braces such as {{asset}}, found {{{name}}} "
                    f"in {self.factor!r}"
                )
                raise ValueError(msg)
            found.append(name)
        return list(dict.fromkeys(found))


def is_pattern(name: str) -> bool:
    """Return whether a name stands for every name that is like it: ``oi_*``."""
    return _PATTERN.search(name) is not None
