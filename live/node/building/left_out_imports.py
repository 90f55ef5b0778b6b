"""left_out: keeps an optional library from being imported where it would not be used."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


@contextmanager
def left_out(name: str) -> Iterator[None]:
    """Make imports of a library fail for a while, unless it was imported before.

    For ``LiveNodeBuilder.build``, which imports pandas where it is installed (NautilusTrader
    2.0.0rc7): a third of a second and 40 MB that a node has no use for. It goes on without.

    Parameters
    ----------
    name : str
        The library.

    """
    if name in sys.modules:
        yield
        return
    # What the import system itself takes for "there is no such module".
    sys.modules[name] = cast("ModuleType", None)
    try:
        yield
    finally:
        del sys.modules[name]
