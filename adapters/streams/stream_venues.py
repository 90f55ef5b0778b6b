"""The venues whose streams NautilusTrader's data clients deliver."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Final

from adapters.streams import venues

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.streams.stream_venue import StreamVenue


def _found() -> dict[str, StreamVenue]:
    modules = (
        importlib.import_module(f"{venues.__name__}.{info.name}")
        for info in pkgutil.iter_modules(venues.__path__)
    )
    return {module.VENUE.name: module.VENUE for module in modules}


STREAM_VENUES: Final[Mapping[str, StreamVenue]] = _found()
"""Each venue by its name in the registry."""
