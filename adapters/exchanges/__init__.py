"""The public REST endpoints of exchanges, and what their bodies mean.

Every module of ``venues`` that defines a ``VENUE`` registers it: see :func:`known_venues`.
No venue imports another.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from adapters.exchanges import venues

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.exchanges.rest_venue import RestVenue


@cache
def known_venues() -> Mapping[str, RestVenue]:
    """Return every venue by its name."""
    found: dict[str, RestVenue] = {}
    for info in pkgutil.iter_modules(venues.__path__):
        venue = getattr(importlib.import_module(f"{venues.__name__}.{info.name}"), "VENUE", None)
        if venue is not None:
            found[venue.name] = venue
    return found
