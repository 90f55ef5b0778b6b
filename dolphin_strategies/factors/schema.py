"""FactorSchema: the ordered names that give a vector of factors its meaning."""

from __future__ import annotations

import hashlib
import re
import sys
from typing import TYPE_CHECKING, Final

from dolphin_strategies.errors import UnknownFactorError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_FACTORS: Final = 512
MAX_NAME_LENGTH: Final = 63
_NAME: Final = re.compile(rf"[A-Za-z][A-Za-z0-9_.-]{{0,{MAX_NAME_LENGTH - 1}}}")


def is_factor_name(name: object) -> bool:
    """Return whether ``name`` may name a factor.

    A name is 1 to 63 ASCII letters, digits, ``_``, ``.`` or ``-`` and begins with a letter.
    """
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


class FactorSchema:
    """The ordered names of the factors in a record.

    Parameters
    ----------
    names : iterable of str
        1 to 512 unique names, see :func:`is_factor_name`.

    Raises
    ------
    TypeError
        If ``names`` is one text, whose letters would each be a name.
    ValueError
        If there are too few or too many names, or a name is invalid or appears twice.

    """

    __slots__ = ("_hash", "_index", "names")

    def __init__(self, names: Iterable[str]) -> None:
        if isinstance(names, str):
            msg = f"names: expected names, found the text {names!r:.80}; put it into a list"
            raise TypeError(msg)
        # Interned: the keys of a producer's dict are then the same objects, equal by identity.
        self.names: Final = tuple(sys.intern(n) if type(n) is str else n for n in names)
        if not 1 <= len(self.names) <= MAX_FACTORS:
            msg = f"names: expected 1 to {MAX_FACTORS} factor names, found {len(self.names)}"
            raise ValueError(msg)
        for name in self.names:
            if not is_factor_name(name):
                msg = (
                    f"names: {name!r:.80} is not a factor name; use a letter and then up to "
                    f"{MAX_NAME_LENGTH - 1} letters, digits, '_', '.' or '-'"
                )
                raise ValueError(msg)
        self._index: Final = {name: i for i, name in enumerate(self.names)}
        if len(self._index) < len(self.names):
            twice = next(n for i, n in enumerate(self.names) if self._index[n] != i)
            msg = f"names: {twice!r} appears twice; factor names are unique"
            raise ValueError(msg)
        digest = hashlib.sha256("\n".join(self.names).encode()).digest()
        self._hash: Final = int.from_bytes(digest[:8], "little")

    def index(self, name: str) -> int:
        """Return the position of ``name`` in a record, for use on a hot path.

        Raises
        ------
        UnknownFactorError
            A ``KeyError`` that names the nearest match.

        """
        try:
            return self._index[name]
        except KeyError:
            raise UnknownFactorError(name, self.names) from None

    @property
    def hash(self) -> int:
        """The first 8 bytes, little-endian, of SHA-256 over the names joined by newlines."""
        return self._hash

    def __contains__(self, name: object) -> bool:
        return name in self._index

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FactorSchema) and self.names == other.names

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        shown = ", ".join(self.names[:3])
        return f"FactorSchema({len(self)} factors: {shown}{', ...' if len(self) > 3 else ''})"
