"""Histories: one file a venue, what its endpoints tell of the past, page by page.

Each of them has ``HISTORIES``, which registers it: see :func:`known_histories`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.exchanges.venues.histories.history import VenueHistories


@cache
def known_histories() -> Mapping[str, VenueHistories]:
    """Return what each venue tells of its past, by the name of the venue."""
    found: dict[str, VenueHistories] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        told: VenueHistories | None = getattr(module, "HISTORIES", None)
        if told is not None:
            found[told.venue] = told
    return found
